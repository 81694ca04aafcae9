// Command torn logs about 2,000 lines a second from eight goroutines to the stderr that the runtime prints its trace to:
// log lines land inside trace lines.
package main

import (
	"log"
	"math/rand"
	"time"
)

var sink [8][]byte

func main() {
	for worker := range sink {
		go func() {
			for {
				sink[worker] = make([]byte, 64<<10)
				log.Printf("INFO request worker=%d id=%06d status=200 took=%dms", worker, rand.Intn(1e6), rand.Intn(50))
				time.Sleep(4 * time.Millisecond)
			}
		}()
	}
	time.Sleep(15 * time.Second)
}
