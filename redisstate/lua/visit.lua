-- One call. Replies {'stale', value of each read…}, {'waiting', id, left, until…}
-- or {'done', age, world, how often its journal was emptied, values…, held…, refused, wait, opens, left…}.

local at = 1
local function arg() at = at + 1; return ARGV[at] end
local function number() return tonumber(arg()) end

local sec, nsec = number(), number()
local passed, shot = number(), number()
local replica, lease = arg(), number()
local reads, counters, holds, claims = number(), number(), number(), number()

-- The records by which the caller was judged must still be so, and the worlds of
-- the namespace and of the default one as the server knows them: those may be long,
-- and have their versions elsewhere. Where the default one's is says the server: in
-- a cluster it may be on another node, and is not asked for.
local stale, read = false, {}
for i = 1, reads do
  local hash, field, version = arg(), arg(), arg()
  local is
  if hash == 'records' then
    hash = key('records')
    is = string.match(redis.call('HGET', hash, field) or '', '^%S*')
  else
    if hash == 'kept' then hash = key('kept') end
    is = redis.call('HGET', hash, 'version') or ''
  end
  stale = stale or is ~= version
  read[i] = {hash, field}
end
if stale then
  local truth = {'stale'}
  for i, r in ipairs(read) do truth[i + 1] = redis.call('HGET', r[1], r[2]) end
  return truth
end

-- One-shots come before everything else; passed is -1 if none is wanted.
local function over(s)
  local left, untilSec, untilNano = string.match(s, '^(%S+) (%S+) (%S+)$')
  untilSec, untilNano = tonumber(untilSec), tonumber(untilNano)
  return untilSec ~= 0 and (sec > untilSec or sec == untilSec and nsec >= untilNano), tonumber(left)
end

if passed >= 0 or shot > 0 then
  local waiting = {}
  local claimed = false
  if redis.call('HLEN', key('shots')) > 0 then
    local all = redis.call('HGETALL', key('shots'))
    for i = 1, #all, 2 do
      local id = tonumber(all[i])
      local gone, left = over(all[i + 1])
      if gone then
        redis.call('HDEL', key('shots'), all[i])
        redis.call('HDEL', key('sources'), all[i])
      elseif id == shot then
        claimed = true
        if left <= 1 then
          redis.call('HDEL', key('shots'), all[i])
          redis.call('HDEL', key('sources'), all[i])
        else
          redis.call('HSET', key('shots'), all[i], whole(left - 1) .. string.match(all[i + 1], '( .*)$'))
        end
      elseif id > passed then
        waiting[#waiting + 1] = {id, all[i + 1]}
      end
    end
  end
  if not claimed and (shot > 0 or #waiting > 0) then
    table.sort(waiting, function(a, b) return a[1] < b[1] end)
    local reply = {'waiting', world()}
    for _, w in ipairs(waiting) do
      reply[#reply + 1] = w[1]
      reply[#reply + 1] = w[2]
    end
    return reply
  end
end

local old = age(sec, nsec)
local reply = {'done', old, world(), life.emptied or '0'}
local function tell(v) reply[#reply + 1] = v end

local halfOfCounters = 524288
for i = 1, counters do
  local field, keyed, from, to = arg(), arg() == '1', number(), number()
  local step = 1
  if to ~= 0 and (old < from or old >= to) then step = 0 end
  if not keyed then
    tell(redis.call('HINCRBY', key('main'), field, step))
  else
    local n = redis.call('HINCRBY', key('counters:young'), field, step)
    if n == step then -- It is new there.
      local before = redis.call('HGET', key('counters:old'), field)
      if before then
        redis.call('HDEL', key('counters:old'), field)
        n = tonumber(before) + step
      end
      redis.call('HDEL', key('counters:young'), field)
      put('counters', field, n, halfOfCounters)
    end
    tell(n)
  end
end

local halfOfHolds = 32768
for i = 1, holds do
  local v = get('holds', arg(), halfOfHolds)
  local held = 0
  if v then
    local untilSec, untilNano = string.match(v, '^(%S+) (%S+)$')
    untilSec, untilNano = tonumber(untilSec), tonumber(untilNano)
    if untilSec == 0 or sec < untilSec or sec == untilSec and nsec < untilNano then held = 1 end
  end
  tell(held)
end

-- take returns the bucket with what is asked for, how long the call has to wait,
-- and how long it takes until there is enough.
local function take(b, c)
  if c.kind == 'b' then
    local next = math.max(b.next, old) + math.floor(c.window / c.max)
    local wait = math.max(next - old - c.window, 0)
    return {window = b.window, length = b.length, used = b.used, next = next}, wait, wait
  end
  b = windowed(b, c, old)
  if c.amount <= c.max and b.used <= c.max - c.amount then
    return {window = b.window, length = b.length, used = b.used + c.amount, next = b.next}, 0, 0
  end
  local opens = 0
  if c.window > 0 and c.amount <= c.max then opens = (b.window + 1) * c.window - old end
  return b, math.huge, opens
end

local asked, concurrent = {}, false
for i = 1, claims do
  local c = {kind = arg(), field = arg(), max = number(), amount = number(), window = number(), patience = number()}
  concurrent = concurrent or c.kind == 'c'
  asked[i] = c
end

-- A replica that takes places lives on; those of one that died come back.
if concurrent then
  local now = seconds()
  if redis.call('ZADD', key('leases'), now + lease, replica) == 1 then written('leases') end
  for _, dead in ipairs(redis.call('ZRANGEBYSCORE', key('leases'), '-inf', now)) do
    local all = redis.call('HGETALL', key('slots'))
    for i = 1, #all, 2 do
      local of, field = string.match(all[i], '^h([%d.]+):(.*)$')
      if of == dead then
        if redis.call('HINCRBY', key('slots'), field, -tonumber(all[i + 1])) <= 0 then redis.call('HDEL', key('slots'), field) end
        redis.call('HDEL', key('slots'), all[i])
      end
    end
    redis.call('ZREM', key('leases'), dead)
  end
end

local refused, wait, opens = -1, 0, 0
for i, c in ipairs(asked) do
  c.was = bucket(c)
  local _, w, o = take(c.was, c)
  if w > c.patience then
    refused, wait, opens = i - 1, c.patience, o - c.patience
    break
  end
  wait = math.max(wait, w)
end
tell(refused)
tell(wait)
tell(opens)
for _, c in ipairs(asked) do
  local b = windowed(c.was or bucket(c), c, old)
  if refused < 0 then
    b = take(b, c)
    if c.kind == 'c' then
      redis.call('HINCRBY', key('slots'), c.field, c.amount)
      if redis.call('HINCRBY', key('slots'), 'h' .. replica .. ':' .. c.field, c.amount) == c.amount then written('slots') end
    else
      keep(c, b)
    end
  end
  tell(left(b, c, old))
end

used()
return reply
