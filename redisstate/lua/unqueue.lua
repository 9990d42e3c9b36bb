-- Takes one-shots back: ARGV[2], or all if that is 0. Replies how many there were.
local found = redis.call('HLEN', key('shots'))
if ARGV[2] == '0' then
  redis.call('UNLINK', key('shots'), key('sources'))
  return found
end
redis.call('HDEL', key('sources'), ARGV[2])
return redis.call('HDEL', key('shots'), ARGV[2])
