-- A replica that holds places, or serves the default namespace, says that it
-- lives. ARGV[2] is the replica, or empty; ARGV[3] how long its lease is.
if ARGV[2] ~= '' then
  redis.call('ZADD', key('leases'), 'XX', seconds() + tonumber(ARGV[3]), ARGV[2])
end
if redis.call('EXISTS', key('main')) == 1 or redis.call('EXISTS', key('kept')) == 1 then
  for _, name in ipairs(names) do written(name) end
  for _, name in ipairs(lasting) do written(name) end
end
return 1
