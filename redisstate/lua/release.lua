-- Ends all holds whose field begins with ARGV[2].
for _, half in ipairs({'holds:young', 'holds:old'}) do
  for _, field in ipairs(redis.call('HKEYS', key(half))) do
    if string.sub(field, 1, #ARGV[2]) == ARGV[2] then redis.call('HDEL', key(half), field) end
  end
end
return 1
