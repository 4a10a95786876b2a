import { warehouseContract } from "../../contract/warehouse.ts";
import { seededDuckdb } from "./home.ts";

warehouseContract("DuckDB", seededDuckdb);
