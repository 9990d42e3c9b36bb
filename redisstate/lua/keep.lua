-- Has all servers agree on the world ARGV[3], or with an empty one on none, if they
-- agree on ARGV[2] now. What is kept has its version before it, in the form of a
-- record. Replies whether it is so now.
local now = redis.call('HGET', key('kept'), 'world')
if (now and string.sub(now, string.find(now, '\n', 1, true) + 1) or '') ~= ARGV[2] then return 0 end
redis.call('UNLINK', key('kept'))
if ARGV[3] == '' then return 1 end
local t = redis.call('TIME')
local version = t[1] .. '.' .. t[2]
redis.call('HSET', key('kept'), 'version', version, 'world', version .. ' 0 0 0 0\n' .. ARGV[3])
written('kept')
return 1
