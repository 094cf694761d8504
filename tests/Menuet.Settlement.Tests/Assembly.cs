// Most tests here wait for servers, disks and timeouts: more of them at once than there are processors.
[assembly: CollectionBehavior(MaxParallelThreads = 6)]
