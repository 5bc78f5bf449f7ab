#include "live/agent.hpp"

namespace tidelab::live {

// Archives: what came out of which, and how it goes again.
const std::string& agent_unpack_source() {
  static const std::string source = R"sh(
# A manifest is written last: digest, place, then the names. key digest into strip
look_unpack() {
  m="$S/unpacked/$2"
  if [ ! -f "$m" ]; then say "$1" differs 'is not unpacked'
  elif [ "$(head -n 1 "$m")" != "$3" ]; then say "$1" differs 'is another archive'
  elif [ ! -d "$4" ]; then say "$1" differs 'its directory is gone'
  else say "$1" holds ''; fi
}
drop_unpacked() { # manifest: takes away exactly the files that it lists
  into=$(sed -n 2p "$1")
  [ ! -L "$into" ] || into=$(readlink -f -- "$into")
  [ -n "$into" ] && [ -d "$into" ] || return 0
  if [ -z "$U" ]; then tail -n +3 "$1" | by "$into/x" drop_names "$into"; return; fi
  if know_account; then tail -n +3 "$1" | as_owner sh -c "$readers$tools
drop_names \"\$1\"" sh "$into"; fi
  # What lies in a directory of root's only root can take away.
  if trusted "$into/x"; then drop_ours "$1" "$into"; fi
}
drop_ours() { # manifest, directory: what of it lies behind ways that nobody else can change
  into=$2
  in_dir= is_roots=y
  tail -n +3 "$1" | while IFS= read -r n; do
    n=${n%/}
    [ -e "$into/$n" ] || [ -L "$into/$n" ] || continue
    case $n in */*) d=/${n%/*} ;; *) d= ;; esac
    if [ "$d" != "$in_dir" ]; then in_dir=$d; is_roots=; if trusted "$into$d/x"; then is_roots=y; fi; fi
    [ -z "$is_roots" ] || printf '%s\n' "$n"
  done | drop_names "$into"
}
act_unpack() { # n key digest into strip flag
  m="$S/unpacked/$2"
  mkdir -p -- "$S/unpacked" && need_dir "$4" || return 1
  still=
  if [ -f "$m" ]; then
    drop_unpacked "$m"
    still=$(tail -n +3 "$m" | grep '/$' | while IFS= read -r d; do if [ -d "$4/$d" ]; then printf '%s\n' "$d"; fi; done)
    rm -f -- "$m"
  fi
  # Whoever unpacks says the names into a pipe: a file of ours could be written anew by what has it open.
  rm -f -- "$m.part" "$m.failed"
  printf '%s\n%s\n' "$3" "$4" > "$m.part" || return 1
  { if is_made "$4"; then by "$4/x" extract "$4" "$5" "$6"; else by "$4/x" extract_beside "$4" "$5" "$6" "$U"; fi || : > "$m.failed"; } | cat >> "$m.part" || : > "$m.failed"
  [ ! -e "$m.failed" ] || { rm -f -- "$m.part" "$m.failed"; return 1; }
  # Directories that were there before are not ours, though the archive has them, too, unless they came out of an older one.
  if grep -q '^//' "$m.part"; then
    O=$still awk 'BEGIN { n = split(ENVIRON["O"], o, "\n"); for (i = 1; i <= n; i++) mine[o[i]] }
      NR == FNR { if (sub("^//", "") && !($0 in mine)) was[$0]; next } !/^\/\// && !($0 in was)' "$m.part" "$m.part" > "$m.ours" && mv -f -- "$m.ours" "$m.part" || { rm -f -- "$m.part" "$m.ours"; return 1; }
  fi
  mv -f -- "$m.part" "$m" || return 1
  say "$1" made ''
}
)sh";
  return source;
}

}  // namespace tidelab::live
