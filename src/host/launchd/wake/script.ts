import { FIRST_LINE, HORIZON_DAYS, INSTANTS_MAX, LAST_LINE } from "./instants.ts";

/** By this name powerd knows whose events are ours; nobody else's are ever touched. */
export const WAKE_OWNER = "com.cbi.wake";

/** Where everything lies that the daemon uses. */
export interface WakePaths {
  /** What a process of the user writes. */
  list: string;
  /** What the daemon says of its last look. */
  report: string;
  pmset: string;
  date: string;
  dd: string;
  tr: string;
}

/** A list of as many instants as may be has fewer. */
const BYTES_MAX = 512;

/**
 * The program of the daemon that sets the Mac's wakes, for `sh` (POSIX). It runs as root, so it runs nothing
 * but programs of macOS by their full names, takes no argument, and believes nothing that it reads: the
 * list is read once, at most a kilobyte of it, every byte outside of a list's alphabet becomes a question
 * mark, and one line that is not an instant within the horizon leaves everything as it is. Nothing of the list is
 * ever repeated.
 *
 * What is set is compared as text with what pmset(1) prints, on the Mac's own clock, so no date is ever read
 * here; ours that are not in the list are cancelled by type, date and owner, one by one.
 */
export function wakeScript(paths: WakePaths): string {
  const { list, report, pmset, date, dd, tr } = paths;
  const settings = Object.entries({ list, report, pmset, date, dd, tr, owner: WAKE_OWNER });
  const lines = settings.map(([name, value]) => `${name}=${quoted(value)}`);
  return `${HEAD}${lines.join("\n")}\n${BODY}`;
}

/** A word of the shell that stands for itself. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

const HEAD = `#!/bin/sh
# Sets the wakes of this Mac from a list of instants. Written by cbi install; cbi uninstall takes it away.
set -uf
LC_ALL=C
export LC_ALL
unset -v IFS
umask 022

`;

const BODY = `newline='
'
d='[0123456789]'
any_stamp="$d$d/$d$d/$d$d$d$d $d$d:$d$d:$d$d"
any_instant="[123456789]$d$d$d$d$d$d$d$d$d"
by_owner=" by '$owner'"

say() {
  printf 'at %s\\n%s\\n' "$now" "$1" > "$report"
}

refuse() {
  say "refused $1"
  exit 1
}

# The events of ours in the text of pmset -g sched, a line each, as MM/dd/yyyy HH:mm:ss.
find_ours() {
  ours=$newline
  rest=$1$newline
  while [ -n "$rest" ]; do
    line=\${rest%%"$newline"*}
    rest=\${rest#*"$newline"}
    case $line in
      ' ['*']  wakeorpoweron at '$any_stamp"$by_owner" | ' ['*']  wakeorpoweron at '$any_stamp"$by_owner "*)
        line=\${line#*'  wakeorpoweron at '}
        ours=$ours\${line%%"$by_owner"*}$newline
        ;;
    esac
  done
}

now=$("$date" +%s)
case $now in
  $any_instant) ;;
  *) exit 1 ;;
esac
last=$((now + ${HORIZON_DAYS * 86_400}))

if [ -L "$list" ] || [ ! -f "$list" ]; then refuse 'the list is no plain file'; fi
text=$("$dd" if="$list" bs=1024 count=1 2> /dev/null | "$tr" -c '0123456789densakw\\n' '?' && printf .)
text=\${text%.}
if [ \${#text} -gt ${BYTES_MAX} ]; then refuse 'the list is too long'; fi

# Everything is read before anything is set.
instants=
count=0
place=first
while [ -n "$text" ]; do
  case $text in *"$newline"*) ;; *) refuse 'the last line has no end' ;; esac
  line=\${text%%"$newline"*}
  text=\${text#*"$newline"}
  case $place:$line in
    first:${FIRST_LINE}) place=instants ;;
    instants:${LAST_LINE}) place=end ;;
    instants:$any_instant)
      count=$((count + 1))
      if [ $count -gt ${INSTANTS_MAX} ]; then refuse 'more than ${INSTANTS_MAX} instants'; fi
      if [ "$line" -gt $last ]; then refuse "instant $count is farther off than ${HORIZON_DAYS} days"; fi
      # What has passed since the list was written is no fault of it.
      if [ "$line" -gt "$now" ]; then instants="$instants $line"; fi
      ;;
    *) refuse "line $((count + 1)) after the first is no instant" ;;
  esac
done
if [ $place != end ]; then refuse 'the list has no end'; fi

wanted=$newline
for instant in $instants; do
  stamp=$("$date" -r "$instant" '+%m/%d/%Y %H:%M:%S') || refuse 'date failed'
  case $stamp in
    $any_stamp) wanted=$wanted$stamp$newline ;;
    *) refuse 'date said something else than a date' ;;
  esac
done

# pmset takes years of two digits, and prints four.
short() {
  day=\${1% *}
  year=\${day##*/}
  shortened="\${day%/*}/\${year#??} \${1#* }"
}

shown=$("$pmset" -g sched) || refuse 'pmset -g sched failed'
find_ours "$shown"
had=$ours
set_count=0
rest=\${wanted#"$newline"}
while [ -n "$rest" ]; do
  stamp=\${rest%%"$newline"*}
  rest=\${rest#*"$newline"}
  case $ours in
    *"$newline$stamp$newline"*) ;;
    *)
      short "$stamp"
      "$pmset" schedule wakeorpoweron "$shortened" "$owner" > /dev/null 2>&1
      ours=$ours$stamp$newline
      set_count=$((set_count + 1))
      ;;
  esac
done

cancel_count=0
rest=\${had#"$newline"}
while [ -n "$rest" ]; do
  stamp=\${rest%%"$newline"*}
  rest=\${rest#*"$newline"}
  case $wanted in
    *"$newline$stamp$newline"*) ;;
    *)
      short "$stamp"
      "$pmset" schedule cancel wakeorpoweron "$shortened" "$owner" > /dev/null 2>&1
      cancel_count=$((cancel_count + 1))
      ;;
  esac
done

# What pmset says now is what counts, whatever it said to each of these.
if [ $((set_count + cancel_count)) -gt 0 ]; then
  shown=$("$pmset" -g sched) || refuse 'pmset -g sched failed'
  find_ours "$shown"
fi
missing=0
rest=\${wanted#"$newline"}
while [ -n "$rest" ]; do
  stamp=\${rest%%"$newline"*}
  rest=\${rest#*"$newline"}
  case $ours in *"$newline$stamp$newline"*) ;; *) missing=$((missing + 1)) ;; esac
done
if [ $missing -gt 0 ]; then refuse "pmset did not set $missing of $count"; fi
say "set $count"
`;
