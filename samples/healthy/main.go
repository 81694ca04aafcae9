// Command healthy is a service without a leak: requests allocate, sessions live for a few seconds, a cache has a fixed size.
package main

import (
	"log"
	"math/rand"
	"time"
)

type session struct {
	born time.Time
	body []byte
}

var (
	sessions []session
	cache    = make([][]byte, 256)
	sink     []byte
)

func serve() {
	sink = make([]byte, 4<<10+rand.Intn(60<<10))
	if rand.Intn(40) == 0 {
		sessions = append(sessions, session{time.Now(), make([]byte, 16<<10)})
	}
	cache[rand.Intn(len(cache))] = make([]byte, 64<<10)
	for len(sessions) > 0 && time.Since(sessions[0].born) > 3*time.Second {
		sessions = sessions[1:]
	}
}

func main() {
	start := time.Now()
	for n := 0; time.Since(start) < 40*time.Second; n++ {
		serve()
		if n%500 == 0 {
			log.Printf("INFO served n=%d sessions=%d", n, len(sessions))
		}
		time.Sleep(time.Millisecond)
	}
}
