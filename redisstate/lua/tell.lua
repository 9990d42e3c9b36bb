-- Puts exchanges that are over behind the others, if the volume ARGV[3] that they
-- belong to is still written, or they name none. Of all at least ARGV[2] and few more
-- are kept, and fewer if they are long: about ARGV[5] bytes. ARGV[4] is how many there
-- are, with those that could not be put.
if ARGV[3] ~= '' then
  local of = redis.call('HMGET', key('main'), 'world', 'emptied')
  if ARGV[3] ~= (of[1] or '') .. '.' .. (of[2] or '0') then return 0 end
end

-- Redis without room would refuse calls, so that the journal leaves some of it.
local function crowded()
  local info = redis.pcall('INFO', 'memory')
  if type(info) ~= 'string' or not string.find(info, 'maxmemory_policy:noeviction', 1, true) then return false end
  local used, most = string.match(info, 'used_memory:(%d+)'), string.match(info, 'maxmemory:(%d+)')
  return used and most and most ~= '0' and tonumber(used) > tonumber(most) * 0.9
end

local journal, told, count = key('journal'), key('told'), tonumber(ARGV[4])
local n = redis.call('HINCRBY', told, 'n', ARGV[4])
if n == count then written('told') end
local asked = 64 -- After so many exchanges is looked again.
if math.floor(n / asked) ~= math.floor((n - count) / asked) and crowded() then
  redis.call('XTRIM', journal, 'MAXLEN', math.floor(redis.call('XLEN', journal) / 2))
end
if #ARGV > 5 then
  local size = tonumber(redis.call('HGET', told, 'size') or #ARGV[6]) -- Of one, as of late.
  for i = 6, #ARGV do
    size = size + (#ARGV[i] - size) / 300
    local most = math.max(math.min(tonumber(ARGV[2]), math.floor(tonumber(ARGV[5]) / size)), 1)
    redis.call('XADD', journal, 'MAXLEN', '~', most, '*', 'e', ARGV[i])
  end
  redis.call('HSET', told, 'size', whole(size))
end
if redis.call('TTL', journal) < 0 then written('journal') end
used()
return 1
