# Steps that come together in one script.

# A shell says "I/O error" where it means a full disk. Which of the lab's file systems has no room or no inodes left:
no_room() {
  d=$S; while [ ! -d "$d" ]; do d=$(dirname -- "$d"); done
  { printf '%s\n' "$d"; sed -n 's/^dir //p' "$S/owned" 2>/dev/null; } | while IFS= read -r p; do if [ -e "$p" ]; then df -P -- "$p"; df -Pi -- "$p"; fi; done 2>/dev/null |
    awk '/%/ && $2 > 0 && $4 <= 4 { t = $1; $1 = $2 = $3 = $4 = $5 = ""; sub(/^ +/, ""); print " No space left on device: " $0 " (" t ")"; exit }'
}

# Steps that come together: of each a look_N and an act_N are defined. N, then the numbers of those that it needs.
held=' '

turn() {
  turn_n=$1; shift
  for turn_need in "$@"; do case $held in *" $turn_need "*) ;; *) return 0 ;; esac; done
  printf '=%s\n' "$turn_n" >&2 # what follows there is about this step
  turn_said=$("look_$turn_n")
  case $turn_said in *"	holds	"*) printf '%s\n' "$turn_said" ;; *)
    ( "act_$turn_n" ) || { say "$turn_n" failed "$?$(no_room)"; return 0; }
    # After a power cut what was made may be there, and the lines about it not, unless they are on the disk.
    sync -- "$S/owned" 2>/dev/null ;;
  esac
  held="$held$turn_n "
}
