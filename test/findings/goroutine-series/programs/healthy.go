package main

import (
	"context"
	"math"
	"math/rand"
	"net/http"
	"net/http/httptest"
	"sync"
	"time"
)

// Innocents: what a healthy program does.
var healthy = map[string]func() func(i int){
	"pool-breathes": func() func(int) {
		var mu sync.Mutex
		var stops []chan bool
		jobs := make(chan int)
		return func(i int) {
			want := 20 + int(18*math.Sin(float64(i)*2*math.Pi/37))
			mu.Lock()
			defer mu.Unlock()
			for len(stops) < want {
				s := make(chan bool)
				stops = append(stops, s)
				go poolWorker(jobs, s)
			}
			for len(stops) > want {
				close(stops[len(stops)-1])
				stops = stops[:len(stops)-1]
			}
		}
	},
	"pool-breathes-slow": func() func(int) {
		var stops []chan bool
		jobs := make(chan int)
		return func(i int) {
			want := 20 + int(18*math.Sin(float64(i)*2*math.Pi/70))
			for len(stops) < want {
				s := make(chan bool)
				stops = append(stops, s)
				go poolWorker(jobs, s)
			}
			for len(stops) > want {
				close(stops[0])
				stops = stops[1:]
			}
		}
	},
	"warm-up": func() func(int) {
		jobs := make(chan int)
		n := 0
		return func(i int) {
			for k := 0; k < 2 && n < 40; k++ {
				n++
				go poolWorker(jobs, nil)
			}
		}
	},
	"warm-up-slow": func() func(int) {
		jobs := make(chan int)
		n := 0
		return func(i int) {
			want := int(60 * (1 - math.Exp(-float64(i)/20)))
			for n < want {
				n++
				go poolWorker(jobs, nil)
			}
		}
	},
	"tickers": func() func(int) {
		for i := 0; i < 20; i++ {
			t := time.NewTicker(30 * time.Millisecond)
			go func() {
				for range t.C {
				}
			}()
		}
		return func(int) {}
	},
	"batch": func() func(int) {
		return func(i int) {
			if i%25 != 3 {
				return
			}
			sem := make(chan bool, 4)
			for k := 0; k < 60; k++ {
				go func() { sem <- true; time.Sleep(20 * time.Millisecond); <-sem }()
			}
		}
	},
	"load-rises": func() func(int) {
		return func(i int) {
			for k := 0; k < 1+i/4; k++ {
				go handle(time.Duration(30+rand.Intn(100)) * time.Millisecond)
			}
		}
	},
	"load-rises-long": func() func(int) {
		return func(i int) {
			for k := 0; k < 1+i/8; k++ {
				go handle(time.Duration(200+rand.Intn(400)) * time.Millisecond)
			}
		}
	},
	"load-steady": func() func(int) {
		return func(i int) {
			for k := 0; k < 5; k++ {
				go handle(time.Duration(rand.ExpFloat64()*150) * time.Millisecond)
			}
		}
	},
	"keep-alive": func() func(int) {
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { time.Sleep(10 * time.Millisecond) }))
		c := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 30}}
		return func(i int) {
			for k := 0; k < 1+i/8; k++ {
				go func() {
					r, err := c.Get(s.URL)
					if err == nil {
						r.Body.Close()
					}
				}()
			}
		}
	},
	"ctx-requests": func() func(int) {
		return func(i int) {
			ctx, cancel := context.WithTimeout(context.Background(), time.Duration(50+rand.Intn(100))*time.Millisecond)
			go func() { <-ctx.Done(); cancel() }()
		}
	},
	"mutex-contention": func() func(int) {
		var mu sync.Mutex
		return func(i int) {
			for k := 0; k < 5; k++ {
				go func() { mu.Lock(); time.Sleep(3 * time.Millisecond); mu.Unlock() }()
			}
		}
	},
	"sessions": func() func(int) {
		return func(i int) { go handle(time.Duration(rand.ExpFloat64()*600) * time.Millisecond) }
	},
	"worker-sessions": func() func(int) {
		jobs := make(chan int)
		for i := 0; i < 12; i++ {
			go poolWorker(jobs, nil)
		}
		return func(i int) {
			for k := 0; k < 6; k++ {
				select {
				case jobs <- k:
				default:
				}
			}
		}
	},
}

func poolWorker(jobs chan int, stop chan bool) {
	for {
		select {
		case <-jobs:
			time.Sleep(time.Duration(rand.Intn(20)) * time.Millisecond)
		case <-stop:
			return
		}
	}
}

func handle(d time.Duration) {
	done := make(chan bool)
	time.AfterFunc(d, func() { close(done) })
	<-done
}
