-- Puts a one-shot behind the others. Replies its number, or 0 if too many wait.
if redis.call('HLEN', key('shots')) >= tonumber(ARGV[6]) then return 0 end
world()
local id = redis.call('HINCRBY', key('main'), 'shot', 1)
redis.call('HSET', key('shots'), id, ARGV[2] .. ' ' .. ARGV[3] .. ' ' .. ARGV[4])
redis.call('HSET', key('sources'), id, ARGV[5])
written('main')
written('shots')
written('sources')
return id
