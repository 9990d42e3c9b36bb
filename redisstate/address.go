package redisstate

import (
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/maintnotifications"
)

// Address says where Redis is.
type Address struct {
	where   string // Without secrets.
	prefix  string
	single  *redis.Options
	cluster *redis.ClusterOptions
}

// String returns the address without its secrets.
func (a Address) String() string { return a.where }

// defaultPrefix begins the names of all keys unless another is given.
const defaultPrefix = "mockllm"

// defaultTimeout bounds how long anything waits for Redis.
const defaultTimeout = time.Second

// defaultPool is how many connections there are at most.
const defaultPool = 64

// Parse reads the address of a Redis: redis://user:password@host:6379/0, or
// rediss:// for TLS. The parameter prefix begins the names of all keys, so that
// several deployments can share one Redis; timeout bounds each wait for it; cluster=true
// says that it is a cluster. Others are those of go-redis, such as pool_size.
// An error does not tell the password.
func Parse(address string) (Address, error) {
	u, err := url.Parse(address)
	if err != nil {
		return Address{}, errors.New("no URL such as redis://host:6379/0") // The error quotes parts of the address.
	}
	if u.Scheme != "redis" && u.Scheme != "rediss" || u.Host == "" {
		return Address{}, errors.New("no URL such as redis://host:6379/0, or rediss://… for TLS")
	}
	query := u.Query()
	a := Address{prefix: defaultPrefix, where: u.Host + u.Path}
	timeout := defaultTimeout
	if query.Has("prefix") {
		if a.prefix = query.Get("prefix"); !regexp.MustCompile(`^[A-Za-z0-9._-]{1,64}$`).MatchString(a.prefix) {
			return Address{}, fmt.Errorf("prefix %q: it has 1 to 64 letters, digits and ._-", a.prefix)
		}
	}
	if query.Has("timeout") {
		if timeout, err = time.ParseDuration(query.Get("timeout")); err != nil || timeout <= 0 {
			return Address{}, fmt.Errorf("timeout %q is no duration such as 500ms", query.Get("timeout"))
		}
	}
	cluster := query.Get("cluster")
	if cluster != "" && cluster != "true" && cluster != "false" {
		return Address{}, fmt.Errorf("cluster %q: it is true or false", cluster)
	}
	for _, ours := range []string{"prefix", "timeout", "cluster"} {
		query.Del(ours)
	}
	u.RawQuery = query.Encode()
	if cluster == "true" {
		a.cluster, err = clusterOptions(u, timeout)
	} else {
		a.single, err = singleOptions(u, timeout)
	}
	return a, redacted(err, u)
}

func singleOptions(u *url.URL, timeout time.Duration) (*redis.Options, error) {
	o, err := redis.ParseURL(u.String())
	if err != nil {
		return nil, err
	}
	o.MaxRetries, o.DialerRetries = -1, 1 // What is tried again may count twice.
	o.DisableIdentity, o.MaintNotificationsConfig = true, &maintnotifications.Config{Mode: maintnotifications.ModeDisabled}
	o.DialTimeout, o.ReadTimeout, o.WriteTimeout, o.PoolTimeout = timeout, timeout, timeout, timeout
	if o.PoolSize == 0 {
		o.PoolSize = defaultPool
	}
	return o, nil
}

func clusterOptions(u *url.URL, timeout time.Duration) (*redis.ClusterOptions, error) {
	o, err := redis.ParseClusterURL(u.String())
	if err != nil {
		return nil, err
	}
	o.MaxRetries, o.DialerRetries = -1, 1
	o.MaxRedirects = -1 // It counts attempts after a timeout, too.
	o.DisableIdentity, o.MaintNotificationsConfig = true, &maintnotifications.Config{Mode: maintnotifications.ModeDisabled}
	o.DialTimeout, o.ReadTimeout, o.WriteTimeout, o.PoolTimeout = timeout, timeout, timeout, timeout
	if o.PoolSize == 0 {
		o.PoolSize = defaultPool
	}
	return o, nil
}

// redacted takes the password out of an error.
func redacted(err error, u *url.URL) error {
	if err == nil {
		return nil
	}
	if u.User != nil {
		return errors.New("the address is not understood (it is not shown, because it has a password)")
	}
	return err
}

// connect makes the client; it connects when it is used.
func (a Address) connect() redis.UniversalClient {
	if a.cluster != nil {
		return redis.NewClusterClient(a.cluster)
	}
	return redis.NewClient(a.single)
}
