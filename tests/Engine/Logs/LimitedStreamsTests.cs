using System.Globalization;
using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Runner.Engine.Logs;
using Runner.Engine.Logs.Collector;
using Runner.Tests.Engine.Support;

namespace Runner.Tests.Engine.Logs;

/// <summary>Streams that Loki limits beside others that it takes. Time stands still unless it is moved: whoever has to wait for it is seen to wait.</summary>
public sealed class LimitedStreamsTests : IAsyncLifetime
{
    private const int BufferBytes = 64 * 1024;

    private readonly FakeTimeProvider _time = new(new DateTimeOffset(2026, 11, 20, 12, 0, 0, TimeSpan.Zero));
    private readonly CollectorCounters _counters = new();
    private readonly CancellationTokenSource _stop = new();
    private readonly Stream _greedy = new("greedy");
    private readonly Stream _modest = new("modest");
    private RecordingLoki _loki = null!;
    private LokiClient _client = null!;
    private CollectorBuffer _buffer = null!;
    private LokiSender _sender = null!;
    private Task _sending = Task.CompletedTask;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _loki = await RecordingLoki.StartAsync();
        Limit(line => line.Labels.Contains("greedy", StringComparison.Ordinal));
        var settings = new CollectorSettings { LokiUrl = _loki.Address, BatchSize = 1, BytesPerSecond = 0, BufferBytes = BufferBytes, MaxBatchBytes = BufferBytes / 8 };
        _client = new(_loki.Address, new(), settings.PushTimeout, TimeProvider.System);
        _buffer = new(settings.BufferBytes, _time);
        var pusher = new LokiPusher(_client, settings, _counters, _time, NullLogger<LokiPusher>.Instance);
        _sender = new(_buffer, pusher, settings, _counters, _time, NullLogger<LokiSender>.Instance);
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _sending.ContinueWith(_ => { }, TaskScheduler.Default);
        _client.Dispose();
        _stop.Dispose();
        await _loki.DisposeAsync();
    }

    [Fact]
    public async Task A_stream_over_its_limit_holds_up_no_other_and_is_given_up_and_taken_again_in_order()
    {
        // Both in one batch, and then the one after the other.
        await SayAsync(_greedy, 3);
        await SayAsync(_modest, 3);
        Send();
        await ArrivedAsync(_modest, 3);
        for (var round = 1; round <= 5; round++)
        {
            await SayAsync(_modest, 1);
            await ArrivedAsync(_modest, 3 + round);
        }

        Assert.Equal(1, _sender.Limited.Streams);
        Assert.Empty(_counters.Drops);

        // What the limited one says now is not taken in: its reader waits, nobody else.
        var waiting = SayAsync(_greedy, 2);
        Assert.False(waiting.IsCompleted);

        await AdvanceUntilAsync(() => _counters.Drops.GetValueOrDefault(DropReason.Limited) == 5);
        await waiting;
        Assert.InRange(_time.GetUtcNow() - _time.Start, TimeSpan.FromSeconds(60), TimeSpan.FromSeconds(200));
        await EmptyAsync();
        Assert.Equal(0, _sender.Limited.Streams);

        // Given up for good: the next lines wait for company only, and then go at the first refusal.
        await SayAsync(_greedy, 4);
        await AdvanceUntilAsync(() => _counters.Drops[DropReason.Limited] == 9);

        Limit(_ => false);
        await SayAsync(_greedy, 10);
        await AdvanceUntilAsync(() => TextsOf(_greedy).Count == 10);
        Assert.Equal(Enumerable.Range(9, 10).Select(Text), TextsOf(_greedy));
        await SayAsync(_greedy, 1);
        await ArrivedAsync(_greedy, 11);
        await EmptyAsync();
        Assert.Equal(_greedy.Said, _greedy.DoneInOrder);
        Assert.Equal(_modest.Said, _modest.DoneInOrder);
        Assert.Equal((0, 0), (_loki.Disordered, _loki.Repeated));
    }

    [Fact]
    public async Task What_is_over_a_rate_of_its_own_comes_later_and_whole()
    {
        var most = 4;
        _loki.Mood = lines => lines.Count(line => line.Labels.Contains("greedy", StringComparison.Ordinal)) > Volatile.Read(ref most) ? new(429, "Per stream rate limit exceeded (limit: 3MB/sec)") : new();
        await SayAsync(_greedy, 60);
        await SayAsync(_modest, 1);
        Send();
        await ArrivedAsync(_modest, 1);

        await AdvanceUntilAsync(() => TextsOf(_greedy).Count == 60);

        await EmptyAsync();
        Assert.Empty(_counters.Drops);
        Assert.Equal((0, 0), (_loki.Disordered, _loki.Repeated));
        Assert.Equal(_greedy.Said, _greedy.DoneInOrder);
    }

    [Fact]
    public async Task Lines_that_were_read_before_their_stream_was_limited_wait_behind_those_that_are_refused()
    {
        var pushes = 0;
        _loki.Mood = _ => Interlocked.Increment(ref pushes) == 1 ? new(429, "Maximum active stream limit exceeded, reduce the number of active streams") : new();

        // Each fills a push.
        await SayAsync(_greedy, 1, BufferBytes / 8);
        await SayAsync(_greedy, 1, BufferBytes / 8);
        await SayAsync(_modest, 1);
        Send();
        await ArrivedAsync(_modest, 1);
        Assert.Equal((1, 2), (_sender.Limited.Streams, _sender.Limited.Lines));

        await AdvanceUntilAsync(() => TextsOf(_greedy).Count == 2);
        await EmptyAsync();
        Assert.Equal(_greedy.Said.Select(Text), TextsOf(_greedy));
        Assert.Equal(_greedy.Said, _greedy.DoneInOrder);
        Assert.Equal(0, _loki.Disordered);
    }

    [Fact]
    public async Task Many_limited_streams_leave_the_others_half_of_the_room_and_what_they_lose_is_counted()
    {
        List<Stream> greedy = [.. Enumerable.Range(0, 6).Select(i => new Stream($"greedy-{i}"))];
        foreach (var stream in greedy.Take(4))
        {
            await SayAsync(stream, 1, BufferBytes / 4);
        }

        Send();
        foreach (var stream in greedy.Skip(4))
        {
            await SayAsync(stream, 1, BufferBytes / 4).WaitAsync(TimeSpan.FromSeconds(30), Cancel);
        }

        await SayAsync(_modest, 1, BufferBytes / 4).WaitAsync(TimeSpan.FromSeconds(30), Cancel);
        await ArrivedAsync(_modest, 1);
        await Eventually.TrueAsync(() => _counters.Drops.GetValueOrDefault(DropReason.Limited) == 4, () => $"what does not fit into the half: {_counters.Drops.GetValueOrDefault(DropReason.Limited)}");
        Assert.Equal(2, _sender.Limited.Streams);
    }

    [Fact]
    public async Task A_flood_of_one_stream_leaves_room_for_others()
    {
        var flood = Enumerable.Range(0, 10).Select(_ => SayAsync(_greedy, 1, BufferBytes / 8)).ToList();
        Assert.Equal(2, flood.Count(said => said.IsCompleted));
        Assert.True(SayAsync(_modest, 1, BufferBytes / 8).IsCompleted);

        Limit(_ => false);
        Send();
        await Task.WhenAll(flood).WaitAsync(TimeSpan.FromSeconds(30), Cancel);
        await ArrivedAsync(_greedy, 10);
        Assert.Equal(0, _loki.Disordered);
    }

    private void Limit(Func<LokiLine, bool> limited) => _loki.Mood = lines =>
        lines.Any(limited) ? new(429, "Maximum active stream limit exceeded, reduce the number of active streams") : new();

    private void Send() => _sending = Task.Run(() => _sender.RunAsync(_stop.Token), Cancel);

    private Task SayAsync(Stream stream, int lines, int bytes = 0) => _buffer.AddAsync(stream.Say(lines, bytes), Cancel).AsTask();

    private Task ArrivedAsync(Stream stream, int lines) =>
        Eventually.TrueAsync(() => TextsOf(stream).Count == lines, () => $"{TextsOf(stream).Count} of {lines} lines of {stream.Labels}; {_sender.Limited}", 30);

    private Task EmptyAsync() => Eventually.TrueAsync(() => _buffer.Bytes == 0, () => $"{_buffer.Bytes} bytes are left", 30);

    private Task AdvanceUntilAsync(Func<bool> condition) => Eventually.TrueAsync(
        () =>
        {
            _time.Advance(TimeSpan.FromSeconds(1));
            return condition();
        },
        () => $"{_sender.Limited}, dropped {_counters.Drops.GetValueOrDefault(DropReason.Limited)}, at {_time.GetUtcNow()}",
        30);

    private IReadOnlyList<string> TextsOf(Stream stream) => [.. _loki.Streams.Where(pair => pair.Key == stream.Labels).SelectMany(pair => pair.Value).Select(line => line.Text.TrimEnd())];

    private static string Text(int line) => line.ToString("D6", CultureInfo.InvariantCulture);

    private sealed class Stream(string pod) : LogStream($"{{pod_name=\"{pod}\"}}")
    {
        private readonly List<int> _done = [];
        private int _said;

        public IEnumerable<int> Said => Enumerable.Range(0, _said);

        public IReadOnlyList<int> DoneInOrder => _done;

        /// <param name="bytes">Length of a line; 0 for a short one.</param>
        public LogChunk Say(int lines, int bytes)
        {
            var texts = Enumerable.Range(_said, lines).Select(line => Encoding.UTF8.GetBytes(Text(line).PadRight(bytes))).ToList();
            var length = texts[0].Length;
            var entries = texts.Select((_, i) => new LogEntry(i * length, length, 1_000_000_000L + _said + i, 0)).ToArray();
            _said += lines;
            return new(this, [.. texts.SelectMany(text => text)], entries, 0);
        }

        public override void Done(ChunkPart part) => _done.AddRange(Enumerable.Range(part.From, part.Count).Select(i => (int)(part.Chunk.Entries[i].Time - 1_000_000_000L)));
    }
}
