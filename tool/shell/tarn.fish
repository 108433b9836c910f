# Completion of the program tarn for fish. pages_test.py holds it against --help.

complete -c tarn -s h -l help -d 'print help'
complete -c tarn -n __fish_use_subcommand -l version -d 'print the version'
complete -c tarn -n __fish_use_subcommand -f -a record -d 'run a program and record it'
complete -c tarn -n __fish_use_subcommand -f -a stat -d 'say what a trace tells of a program'
complete -c tarn -n __fish_use_subcommand -f -a replay -d 'run a recorded program against others'
complete -c tarn -n __fish_use_subcommand -f -a convert -d 'turn a trace into text and back'
complete -c tarn -n __fish_use_subcommand -f -a doctor -d 'look whether programs can be recorded'

set -l of_record '__fish_seen_subcommand_from record'
complete -c tarn -n $of_record -s o -l output -r -d 'the file to write'
complete -c tarn -n $of_record -l stacks -x -a 'none caller full' -d 'who allocates'
complete -c tarn -n $of_record -l sample-objects -x -a '1/10 1/100' -d 'of N objects record one'
complete -c tarn -n $of_record -l max-events -x -d 'stop recording after so many operations'
complete -c tarn -n $of_record -l max-bytes -x -d 'stop when the files are so long'
complete -c tarn -n $of_record -l duration -x -d 'stop after so many seconds'

set -l of_stat '__fish_seen_subcommand_from stat'
complete -c tarn -n $of_stat -l sites -x -d 'how many call stacks to show'
complete -c tarn -n $of_stat -l by -x -a 'bytes blocks peak' -d 'their order'
complete -c tarn -n $of_stat -l json -d 'print JSON'

set -l of_replay '__fish_seen_subcommand_from replay'
set -l allocators glibc jemalloc mimalloc tcmalloc tbbmalloc tarn-arena tarn-region tarn-slabs \
  pmr pmr-1-thread
complete -c tarn -n $of_replay -l with -x -a "$allocators" -d 'allocators'
complete -c tarn -n $of_replay -l rounds -x -d 'how often each one runs'
complete -c tarn -n $of_replay -l serial -d 'on one thread, in the recorded order'
complete -c tarn -n $of_replay -l paced -d 'no faster than recorded'
complete -c tarn -n $of_replay -l touch -d 'write blocks and read them again'
complete -c tarn -n $of_replay -l no-touch -d 'do not touch blocks'
complete -c tarn -n $of_replay -l litter -x -d 'first fragment the heap'
complete -c tarn -n $of_replay -l idle -d 'measure memory when idle'
complete -c tarn -n $of_replay -l json -d 'print JSON'

complete -c tarn -n '__fish_seen_subcommand_from convert' -l to -x -a 'text binary pprof' \
  -d 'the form to write'

complete -c tarn -n '__fish_seen_subcommand_from doctor' -l json -d 'print JSON'
