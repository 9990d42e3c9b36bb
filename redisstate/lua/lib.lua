-- What all scripts share. KEYS[1] begins every key of one namespace; it holds a
-- hash tag, so that all of them are in one slot of a cluster. ARGV[1] is how many
-- seconds the keys live without being used. Durations are in nanoseconds.

local base = KEYS[1]
local ttl = tonumber(ARGV[1])

local names = {'main', 'counters:young', 'counters:old', 'buckets:young', 'buckets:old', 'holds:young', 'holds:old',
  'slots', 'leases', 'shots', 'sources', 'records', 'order', 'ends', 'journal', 'told'}
local lasting = {'kept'} -- What a reset leaves.

local function key(name) return base .. ':' .. name end

-- written has a key live on.
local function written(name) redis.call('EXPIRE', key(name), ttl) end

local function seconds() return tonumber(redis.call('TIME')[1]) end

local life = {} -- What of main is known already.

-- used has all of the namespace live on, at most once a minute.
local function used()
  local now = seconds()
  local last = tonumber(life.used or redis.call('HGET', key('main'), 'used') or 0)
  if now - last < 60 and now >= last then return end
  redis.call('HSET', key('main'), 'used', now)
  for _, name in ipairs(names) do written(name) end
  for _, name in ipairs(lasting) do written(name) end
end

-- world returns the number of this life of the namespace. Another life begins with
-- nothing of the one before: keys may outlive main by up to a minute. Exchanges know
-- their life themselves.
local function world()
  life.world = life.world or redis.call('HGET', key('main'), 'world')
  if life.world then return life.world end
  for _, name in ipairs(names) do
    if name ~= 'main' and name ~= 'journal' and name ~= 'told' then redis.call('UNLINK', key(name)) end
  end
  local t = redis.call('TIME')
  life.world = t[1] .. string.format('%06d', tonumber(t[2]))
  redis.call('HSET', key('main'), 'world', life.world)
  written('main')
  return life.world
end

-- age returns how old the namespace is at a time; one that nobody called is new.
local function age(sec, nsec)
  local born = redis.call('HMGET', key('main'), 'born', 'bornNano', 'world', 'used', 'emptied')
  life.world, life.used, life.emptied = born[3], born[4], born[5]
  if not born[1] then
    redis.call('HSET', key('main'), 'born', sec, 'bornNano', nsec)
    world()
    return 0
  end
  return math.max((sec - tonumber(born[1])) * 1e9 + nsec - tonumber(born[2]), 0)
end

-- whole writes a whole number, without an exponent.
local function whole(n) return string.format('%.0f', n) end

-- A family is a hash that forgets what was not used for long. It has a young and
-- an old half; using a field brings it into the young one. When that is full, it
-- becomes the old one, and what the old one held is forgotten.
local function put(family, field, value, limit)
  local young, old = key(family .. ':young'), key(family .. ':old')
  if redis.call('HSET', young, field, value) == 0 then return end
  local fields = redis.call('HLEN', young)
  if fields > limit then
    redis.call('HDEL', young, field)
    redis.call('UNLINK', old)
    redis.call('RENAME', young, old) -- It lives as long as before.
    redis.call('HSET', young, field, value)
    fields = 1
  end
  if fields == 1 then written(family .. ':young') end -- All others live on by used.
end

local function get(family, field, limit)
  local v = redis.call('HGET', key(family .. ':young'), field)
  if v then return v end
  v = redis.call('HGET', key(family .. ':old'), field)
  if v then
    redis.call('HDEL', key(family .. ':old'), field)
    put(family, field, v, limit)
  end
  return v
end

-- peek reads what get does, and uses nothing.
local function peek(family, field)
  return redis.call('HGET', key(family .. ':young'), field) or redis.call('HGET', key(family .. ':old'), field)
end

local halfOfBuckets = 131072

-- bucket reads how much of a limit is used: which window it is about, how long
-- that is, how much is used of it, and the age at which nothing of a burst is. It
-- reads by get unless told otherwise.
local function bucket(c, read)
  local b = {window = 0, length = 0, used = 0, next = 0}
  if c.kind == 'c' then
    b.used = tonumber(redis.call('HGET', key('slots'), c.field) or 0)
    return b
  end
  local v = (read or get)('buckets', c.field, halfOfBuckets)
  if v then
    local w, l, u, n = string.match(v, '^(%S+) (%S+) (%S+) (%S+)$')
    b.window, b.length, b.used, b.next = tonumber(w), tonumber(l), tonumber(u), tonumber(n)
  end
  return b
end

local function keep(c, b)
  put('buckets', c.field, whole(b.window) .. ' ' .. whole(b.length) .. ' ' .. whole(b.used) .. ' ' .. whole(b.next), halfOfBuckets)
end

-- windowed is the bucket as it is at an age: a new window is empty, and so is one
-- of another length.
local function windowed(b, c, age)
  if c.window > 0 then
    local now = math.floor(age / c.window)
    if now > b.window or c.window ~= b.length then
      return {window = now, length = c.window, used = 0, next = b.next}
    end
  end
  return b
end

-- left is how much is left of what is asked for.
local function left(b, c, age)
  if c.kind == 'b' then
    local each = math.max(math.floor(c.window / c.max), 1)
    return math.floor(math.max(c.window - math.max(b.next - age, 0), 0) / each)
  end
  return math.max(c.max - b.used, 0)
end
