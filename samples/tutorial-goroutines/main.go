// Command tutorial-goroutines is the goroutine leak of most tutorials: 100 goroutines a second that allocate 10 MB, drop it and then
// block for ever on a send to a channel that nobody receives from. It writes goroutine and heap texts to the folder in its first argument.
package main

import (
	"fmt"
	"os"
	"runtime/pprof"
	"time"
)

var sink byte

func work(results chan<- int) {
	buffer := make([]byte, 10_000_000)
	for i := 0; i < len(buffer); i += 4096 {
		buffer[i] = byte(i)
	}
	sink = buffer[4096]
	results <- int(sink)
}

func dump(dir string, n int) {
	for _, profile := range []struct {
		name  string
		debug int
	}{{"goroutine", 1}, {"goroutine", 2}, {"heap", 1}} {
		file, err := os.Create(fmt.Sprintf("%s/%s-debug%d-%03d.txt", dir, profile.name, profile.debug, n))
		if err != nil {
			panic(err)
		}
		pprof.Lookup(profile.name).WriteTo(file, profile.debug)
		file.Close()
	}
}

func main() {
	results := make(chan int)
	start := time.Now()
	for n := 0; time.Since(start) < 20*time.Second; n++ {
		go work(results)
		time.Sleep(10 * time.Millisecond)
		if n%400 == 399 && len(os.Args) > 1 {
			dump(os.Args[1], n/400+1)
		}
	}
}
