namespace Runner.Engine.Logs.Collector;

/// <summary>Tells one container of one pod from all others, also from a later pod of the same name.</summary>
internal readonly record struct ContainerKey(string Cluster, string PodUid, string Container)
{
    public override string ToString() => $"{Cluster}/{PodUid}/{Container}";
}

/// <summary>How far a container's log was delivered.</summary>
/// <param name="Run">Restart count of the run that the last delivered line is of.</param>
/// <param name="LastTime">The time that was given to Loki for it.</param>
/// <param name="Seen">When the last delivered lines were written.</param>
/// <param name="KeptAt">When it last went forward, in nanoseconds since 1970.</param>
internal sealed record ContainerPosition(ContainerKey Key, int Run, long LastTime, SeenTimes Seen, long KeptAt);

/// <summary>
/// One container as it is collected: how far it was read, and how far what was read was delivered. The first is what reading goes on from within the process, the
/// second what the next process begins with.
/// </summary>
internal sealed class CollectedContainer : LogStream
{
    /// <summary>How far ahead of our clock a line's time may be for Loki: half of its default <c>creation_grace_period</c>, because its clock is another one.</summary>
    public static readonly TimeSpan MostAhead = TimeSpan.FromMinutes(5);

    private readonly Lock _lock = new();
    private readonly TimeProvider _time;
    private readonly SeenLines _delivered;
    private int _deliveredRun;
    private long _deliveredTime;
    private long _keptAt;
    private long _lastTime;
    private int _finished;

    /// <param name="position">Where the last process left off; null where the container is new.</param>
    /// <param name="run">For a new one: the run to begin with.</param>
    public CollectedContainer(ContainerKey key, string @namespace, string pod, string labels, ContainerPosition? position, int run, TimeProvider time)
        : base(labels)
    {
        (Key, Namespace, Pod, _time) = (key, @namespace, pod, time);
        _delivered = position is null ? new() : SeenLines.From(position.Seen);
        Resume = new LogResume(new LogCursor(position is null ? new() : SeenLines.From(position.Seen)), position?.Run ?? run, key.PodUid);
        _deliveredRun = position?.Run ?? run;
        _lastTime = _deliveredTime = position?.LastTime ?? 0;
        _keptAt = position?.KeptAt ?? 0;
    }

    public ContainerKey Key { get; }

    public string Namespace { get; }

    public string Pod { get; }

    /// <summary>How far it was read.</summary>
    public LogResume Resume { get; }

    /// <summary>It was read to its end, and will never write again.</summary>
    public bool Finished => Volatile.Read(ref _finished) != 0;

    public void Finish() => Volatile.Write(ref _finished, 1);

    /// <summary>
    /// The time to tell Loki: entries of a stream must be in order, and of two alike with the same time it keeps one. The same lines get the same times again after a restart, but for those
    /// of a node whose clock was ahead: Loki refuses these, and all that would have to come after them, so they get the latest time that it takes.
    /// </summary>
    public long NextTime(long written)
    {
        var latest = LogTimestamp.FromTime(_time.GetUtcNow() + MostAhead);
        var last = _lastTime - latest > LogTimestamp.NanosecondsPerSecond ? latest : _lastTime;
        return _lastTime = Math.Max(Math.Min(written, latest), last + 1);
    }

    public override void Done(ChunkPart part)
    {
        lock (_lock)
        {
            for (var i = part.From; i < part.To; i++)
            {
                var entry = part.Chunk.Entries[i];
                if (entry.Written > 0)
                {
                    _delivered.Add(entry.Written);
                }

                _deliveredTime = entry.Time;
            }

            _deliveredRun = part.Chunk.Run;
            _keptAt = LogTimestamp.FromTime(_time.GetUtcNow());
        }
    }

    /// <summary>Null where nothing was delivered yet.</summary>
    public ContainerPosition? Position()
    {
        lock (_lock)
        {
            return _deliveredTime == 0 ? null : new(Key, _deliveredRun, _deliveredTime, _delivered.Times(), _keptAt);
        }
    }
}
