-- Takes from the windows of a time, whether or not there is as much.
local sec, nsec, claims = tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local old = age(sec, nsec)
for i = 0, claims - 1 do
  local c = {kind = 'w', field = ARGV[5 + 3 * i], amount = tonumber(ARGV[6 + 3 * i]), window = tonumber(ARGV[7 + 3 * i])}
  local b = bucket(c)
  local over = c.window > 0 and c.window == b.length and math.floor(old / c.window) < b.window
  if not over then
    b = windowed(b, c, old)
    b.used = b.used + c.amount
    keep(c, b)
  end
end
return 1
