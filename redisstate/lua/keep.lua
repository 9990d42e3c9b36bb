-- Has all servers agree on a world, or with an empty one on none, if they agree on
-- the one behind it now. What is kept has its version before it, in the form of a
-- record.
local now = redis.call('HGET', key('kept'), 'world') or ''
if string.sub(now, (string.find(now, '\n', 1, true) or 0) + 1) ~= ARGV[3] then return 'stale' end
redis.call('UNLINK', key('kept'))
if ARGV[2] == '' then return '' end
local t = redis.call('TIME')
local version = t[1] .. '.' .. t[2]
redis.call('HSET', key('kept'), 'version', version, 'world', version .. ' 0 0 0 0\n' .. ARGV[2])
written('kept')
return version
