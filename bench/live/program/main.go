// A program that collects 2,000 to 2,500 times a second and prints what that cost it.
package main

import (
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"strconv"
	"syscall"
	"time"
)

func main() {
	cycles := 5000
	if len(os.Args) > 1 {
		cycles, _ = strconv.Atoi(os.Args[1])
	}
	debug.SetGCPercent(100)
	kept := make([][]byte, 64)
	start := time.Now()
	var stats runtime.MemStats
	for i := 0; ; i++ {
		kept[i%64] = make([]byte, 16<<10)
		if i%256 == 0 {
			if runtime.ReadMemStats(&stats); int(stats.NumGC) >= cycles {
				break
			}
		}
	}
	wall := time.Since(start)
	var usage syscall.Rusage
	syscall.Getrusage(syscall.RUSAGE_SELF, &usage)
	cpu := time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
	out := os.Stdout
	if len(os.Args) > 2 {
		// Where stdout is a terminal.
		out, _ = os.Create(os.Args[2])
	}
	fmt.Fprintf(out, "{\"wallMs\":%.1f,\"cpuMs\":%.1f,\"pauseMs\":%.3f,\"cycles\":%d}\n",
		float64(wall.Microseconds())/1000, float64(cpu.Microseconds())/1000, float64(stats.PauseTotalNs)/1e6, stats.NumGC)
}
