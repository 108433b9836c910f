# Completion of the program tarn for bash. pages_test.py holds it against --help.

_tarn() {
  local word=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]}
  local options
  COMPREPLY=()
  if [[ $COMP_CWORD -eq 1 ]]; then
    COMPREPLY=($(compgen -W "record stat replay convert doctor --help --version" -- "$word"))
    return
  fi
  case $previous in
    --stacks) options="none caller full" ;;
    --by) options="bytes blocks peak" ;;
    --to) options="text binary pprof" ;;
    --with)
      options="glibc jemalloc mimalloc tcmalloc tbbmalloc tarn-arena tarn-region tarn-slabs"
      options+=" pmr pmr-1-thread" ;;
  esac
  if [[ -n $options ]]; then
    COMPREPLY=($(compgen -W "$options" -- "$word"))
    return
  fi
  case ${COMP_WORDS[1]} in
    record)
      options="--help --output --stacks --sample-objects --max-events --max-bytes --duration" ;;
    stat) options="--help --sites --by --json" ;;
    replay)
      options="--help --with --rounds --serial --paced --touch --no-touch --litter --idle --json" ;;
    convert) options="--help --to" ;;
    doctor) options="--help --json" ;;
  esac
  if [[ $word == -* ]]; then
    COMPREPLY=($(compgen -W "$options" -- "$word"))
  else
    COMPREPLY=($(compgen -f -- "$word"))
  fi
}
complete -o filenames -F _tarn tarn
