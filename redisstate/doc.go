// Package redisstate keeps the state of mockllm's engine in Redis, so that any
// number of servers, the replicas of a deployment, count as one.
//
// A request costs one round trip to Redis, in which a script does all that is
// asked of the state at once. What each key lives without being used is bounded,
// and so is how long anything waits for Redis; see [Options].
package redisstate
