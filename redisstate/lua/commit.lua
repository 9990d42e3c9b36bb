-- Makes changes of records, all at once. Replies how many were forgotten because
-- there is more than the bounds.
local sec, nsec, maxRecords, maxBytes = tonumber(ARGV[2]), ARGV[3], tonumber(ARGV[4]), tonumber(ARGV[5])
local nowMicro = sec * 1e6 + math.floor(tonumber(nsec) / 1e3)
world()
if redis.call('EXISTS', key('records')) == 0 then redis.call('HDEL', key('main'), 'bytes') end -- They may be gone before it.

local function ending(field) return string.format('%016d', tonumber(redis.call('ZSCORE', key('order'), field))) .. field end

local function head(v) return string.find(v, '\n', 1, true) end

local function remove(field, v)
  redis.call('HINCRBY', key('main'), 'bytes', head(v) - #v)
  redis.call('ZREM', key('ends'), ending(field))
  redis.call('ZREM', key('order'), field)
  redis.call('HDEL', key('records'), field)
end

local function store(field, created, untilSec, untilNano, value)
  local version = world() .. ':' .. redis.call('HINCRBY', key('main'), 'version', 1)
  redis.call('HSET', key('records'), field, version .. ' ' .. created .. ' ' .. untilSec .. ' ' .. untilNano .. '\n' .. value)
  redis.call('HINCRBY', key('main'), 'bytes', #value)
  if untilSec == '0' then
    redis.call('ZREM', key('ends'), ending(field))
  else
    redis.call('ZADD', key('ends'), whole(tonumber(untilSec) * 1e6 + math.floor(tonumber(untilNano) / 1e3)), ending(field))
  end
end

for i = 6, #ARGV, 5 do
  local how, field, untilSec, untilNano, value = ARGV[i], ARGV[i + 1], ARGV[i + 2], ARGV[i + 3], ARGV[i + 4]
  local old = redis.call('HGET', key('records'), field)
  if how == 'remove' then
    if old then remove(field, old) end
  elseif old then
    redis.call('HINCRBY', key('main'), 'bytes', head(old) - #old)
    store(field, string.match(old, '^%S+ (%S+ %S+) '), untilSec, untilNano, value)
  elseif how == 'put' then
    redis.call('ZADD', key('order'), redis.call('HINCRBY', key('main'), 'made', 1), field)
    store(field, ARGV[2] .. ' ' .. nsec, untilSec, untilNano, value)
  end
end

local forgotten = 0
while redis.call('HLEN', key('records')) > maxRecords or tonumber(redis.call('HGET', key('main'), 'bytes') or 0) > maxBytes do
  local field
  local finished = redis.call('ZRANGEBYSCORE', key('ends'), '-inf', whole(nowMicro), 'LIMIT', 0, 1)[1]
  if finished then
    field = string.sub(finished, 17)
  else
    field = redis.call('ZRANGE', key('order'), 0, 0)[1]
  end
  remove(field, redis.call('HGET', key('records'), field))
  forgotten = forgotten + 1
end
for _, name in ipairs({'main', 'records', 'order', 'ends'}) do written(name) end
used()
return forgotten
