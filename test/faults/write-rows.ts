import { Ledger } from "../../src/ledger/ledger.ts";

// Writes one row after the other to the ledger that is named, and says each number when it is durable.

const [file = ""] = process.argv.slice(2);
using ledger = Ledger.open(file);
ledger.run("CREATE TABLE IF NOT EXISTS row_of_test (number INTEGER PRIMARY KEY, text TEXT)");
const last = Number(ledger.get("SELECT max(number) AS last FROM row_of_test")?.["last"] ?? 0);
for (let number = last + 1; ; number++) {
  ledger.transaction(() => {
    ledger.run("INSERT INTO row_of_test VALUES (?, ?)", number, "x".repeat(500));
    ledger.run("UPDATE row_of_test SET text = ? WHERE number = ?", "y".repeat(500), number);
  });
  process.stdout.write(`${number}\n`);
}
