-- The records whose field begins with ARGV[2], oldest first: field, value, ….
local found = {}
for _, field in ipairs(redis.call('ZRANGE', key('order'), 0, -1)) do
  if string.sub(field, 1, #ARGV[2]) == ARGV[2] then
    found[#found + 1] = field
    found[#found + 1] = redis.call('HGET', key('records'), field)
  end
end
return found
