// Command sigquit is a service that forgets replies: one goroutine in fifty blocks for ever. It logs to the stderr that the runtime
// prints its trace and, on SIGQUIT, its dump to.
package main

import (
	"log"
	"time"
)

type reply struct{ body []byte }

func ask(replies chan<- reply) {
	replies <- reply{make([]byte, 128<<10)}
}

func forward(n int) {
	replies := make(chan reply)
	go ask(replies)
	if n%50 == 0 {
		// Gave up before the reply came: ask will never be rid of it.
		log.Printf("WARN request n=%d timed out", n)
		return
	}
	<-replies
}

func main() {
	for n := 0; ; n++ {
		forward(n)
		if n%500 == 0 {
			log.Printf("INFO served n=%d", n)
		}
		time.Sleep(time.Millisecond)
	}
}
