-- Gives back places: holder, field and life of the namespace of each. One that
-- came back by itself meanwhile is not given back again.
local now = redis.call('HGET', key('main'), 'world')
for i = 2, #ARGV, 3 do
  local field, of = ARGV[i + 1], ARGV[i + 2]
  local held = 'h' .. ARGV[i] .. ':' .. field
  if of == now and tonumber(redis.call('HGET', key('slots'), held) or 0) > 0 then
    if redis.call('HINCRBY', key('slots'), held, -1) <= 0 then redis.call('HDEL', key('slots'), held) end
    if redis.call('HINCRBY', key('slots'), field, -1) <= 0 then redis.call('HDEL', key('slots'), field) end
  end
end
return 1
