// Command leak-check loses a goroutine now and then and asks the runtime to find what is lost: each goroutineleak profile is a
// collection whose trace line says "(checking for goroutine leaks)".
package main

import (
	"io"
	"runtime/pprof"
	"time"
)

var sink []byte

func lost() {
	<-make(chan int)
}

func main() {
	start := time.Now()
	for n := 0; time.Since(start) < 6*time.Second; n++ {
		sink = make([]byte, 256<<10)
		if n%200 == 0 {
			go lost()
		}
		if n%1000 == 999 {
			pprof.Lookup("goroutineleak").WriteTo(io.Discard, 1)
		}
		time.Sleep(time.Millisecond)
	}
}
