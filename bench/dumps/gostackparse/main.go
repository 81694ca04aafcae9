// Command gostackparse parses one debug=2 dump with github.com/DataDog/gostackparse and prints how long it took.
package main

import (
	"bufio"
	"fmt"
	"os"
	"syscall"
	"time"

	"github.com/DataDog/gostackparse"
)

func main() {
	began := time.Now()
	file, err := os.Open(os.Args[1])
	if err != nil {
		panic(err)
	}
	goroutines, errs := gostackparse.Parse(bufio.NewReaderSize(file, 1<<20))
	seconds := time.Since(began).Seconds()
	var usage syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &usage)
	fmt.Printf("{\"seconds\":%.3f,\"total\":%d,\"errors\":%d,\"peakMiB\":%.0f}\n", seconds, len(goroutines), len(errs), float64(usage.Maxrss)/1024)
}
