-- How things stand. Nothing is counted, used or made. Replies
-- {1 if anybody called, age, counts…, (left, opens)…, (until, or nil)…}.

local at = 1
local function arg() at = at + 1; return ARGV[at] end
local function number() return tonumber(arg()) end

local sec, nsec = number(), number()
local counters, claims, holds = number(), number(), number()

local born = redis.call('HMGET', key('main'), 'born', 'bornNano')
local old = 0
if born[1] then old = math.max((sec - tonumber(born[1])) * 1e9 + nsec - tonumber(born[2]), 0) end
local reply = {born[1] and 1 or 0, old}
local function tell(v) reply[#reply + 1] = v end

for i = 1, counters do
  local field, keyed = arg(), arg() == '1'
  local n = keyed and peek('counters', field)
  if not keyed then n = redis.call('HGET', key('main'), field) end
  tell(tonumber(n or 0))
end

for i = 1, claims do
  local c = {kind = arg(), field = arg(), max = number(), window = number()}
  local b = windowed(bucket(c, peek), c, old)
  local free, opens = left(b, c, old), 0
  if free < c.max then
    if c.kind == 'b' then opens = math.max(b.next - old, 0)
    elseif c.window > 0 then opens = (b.window + 1) * c.window - old end
  end
  tell(free)
  tell(opens)
end

for i = 1, holds do tell(peek('holds', arg()) or '') end

return reply
