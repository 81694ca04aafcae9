# In: a command line; stdin and stdout are the command's. Out: on stderr one line of JSON: CPU seconds (user and system), wall seconds,
# peak memory in MiB, exit status. Node cannot ask the kernel for another process's use of resources; wait4 can.
import json
import os
import sys
import time

command = sys.argv[1:]
start = time.monotonic()
child = os.posix_spawnp(command[0], command, os.environ)
_, status, usage = os.wait4(child, 0)
result = {
    "cpuSeconds": usage.ru_utime + usage.ru_stime,
    "wallSeconds": time.monotonic() - start,
    "peakMiB": usage.ru_maxrss / 1024,
    "status": os.waitstatus_to_exitcode(status),
}
print(json.dumps(result), file=sys.stderr)
