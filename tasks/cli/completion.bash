# Completion of `banel` for bash and zsh, from what its help says. The package installs it for bash;
# elsewhere:
#   source tasks/cli/completion.bash
if [[ -n ${ZSH_VERSION-} ]]; then autoload -U +X bashcompinit && bashcompinit; fi

# The first word of each entry of a help text, and a short name after it: "--help, -h" gives both.
_banel_entries() { awk '/^  [^ ]/ {print $1; if ($2 ~ /^-/) print $2}' | tr -d ,; }

_banel() {
  local program=${COMP_WORDS[0]} word=${COMP_WORDS[COMP_CWORD]} command=${COMP_WORDS[1]-} words=""
  if ((COMP_CWORD == 1)); then
    words=$("$program" --help | _banel_entries)
  elif [[ $word == -* ]]; then
    words=$("$program" "$command" --help 2>/dev/null | _banel_entries)
  elif ((COMP_CWORD == 2)); then
    case $command in
      study | jobs) words=$("$program" study --list | cut -d: -f1) ;;
      methods | tasks) words=$("$program" "$command" 2>/dev/null | _banel_entries) ;;
      ask) words=$("$program" ask --help | _banel_entries) ;;
    esac
  fi
  # shellcheck disable=SC2207  # zsh has no mapfile
  COMPREPLY=($(compgen -W "$words" -- "$word"))
}
complete -o default -F _banel banel
