using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Snappier;

namespace Runner.Tests.Engine.Support;

/// <summary>One line as it arrived.</summary>
internal sealed record LokiLine(string Labels, long Time, string Text);

/// <summary>What a <see cref="RecordingLoki"/> does with a push: a status other than 204 takes nothing, unless told so.</summary>
/// <param name="Take">Which lines are taken; null for all where the status is 204, else none.</param>
internal sealed record LokiMood(int Status = 204, string Text = "", int? RetryAfter = null, TimeSpan Delay = default, bool Abort = false, Func<LokiLine, bool>? Take = null);

/// <summary>
/// A Loki on loopback over real HTTP: reads pushes as protobuf with Snappy, refuses what comes out of order within a stream, keeps one of two alike, and answers
/// <c>query_range</c> by labels, exact or by expression.
/// </summary>
internal sealed partial class RecordingLoki : IAsyncDisposable
{
    private readonly Lock _lock = new();
    private readonly Dictionary<string, List<LokiLine>> _streams = [];
    private readonly HashSet<LokiLine> _known = [];
    private readonly ConcurrentQueue<string> _queries = new();
    private WebApplication? _app;
    private int _port;
    private int _pushes;

    public Uri Address => new($"http://127.0.0.1:{_port}/");

    /// <summary>Chooses the treatment of a push by its lines.</summary>
    public Func<IReadOnlyList<LokiLine>, LokiMood> Mood { get; set; } = _ => new();

    public int Pushes => Volatile.Read(ref _pushes);

    /// <summary>Lines that came again after they were taken, alike to the nanosecond.</summary>
    public int Repeated { get; private set; }

    /// <summary>Lines that came with a time before that of the line before it in their stream: there must be none.</summary>
    public int Disordered { get; private set; }

    public IReadOnlyList<string> Queries => [.. _queries];

    public int Count
    {
        get
        {
            lock (_lock)
            {
                return _known.Count;
            }
        }
    }

    /// <summary>What was taken, by the labels of the stream, in the order of arrival.</summary>
    public IReadOnlyDictionary<string, IReadOnlyList<LokiLine>> Streams
    {
        get
        {
            lock (_lock)
            {
                return _streams.ToDictionary(stream => stream.Key, stream => (IReadOnlyList<LokiLine>)[.. stream.Value]);
            }
        }
    }

    /// <summary>Texts without their times of the streams that have a label.</summary>
    public IReadOnlyList<string> TextsOf(string label) =>
        [.. Streams.Where(stream => stream.Key.Contains(label, StringComparison.Ordinal)).SelectMany(stream => stream.Value).Select(line => line.Text[(line.Text.IndexOf(' ', StringComparison.Ordinal) + 1)..])];

    public static async Task<RecordingLoki> StartAsync(bool up = true)
    {
        var loki = new RecordingLoki();
        await loki.UpAsync();
        if (!up)
        {
            await loki.DownAsync();
        }

        return loki;
    }

    /// <summary>Has lines that somebody pushed before.</summary>
    public void Keep(IEnumerable<LokiLine> lines) => Record(lines);

    /// <summary>Listens, on the same port as before.</summary>
    public async Task UpAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, _port));
        _app = builder.Build();
        _app.MapPost("/loki/api/v1/push", PushAsync);
        _app.MapGet("/loki/api/v1/query_range", Query);
        _app.MapGet("/ready", () => "ready");
        await _app.StartAsync();
        _port = new Uri(_app.Urls.Single()).Port;
    }

    /// <summary>Stops to listen; pushes are cut off.</summary>
    public async Task DownAsync()
    {
        if (_app is not null)
        {
            using var atOnce = new CancellationTokenSource();
            await atOnce.CancelAsync();
            await _app.StopAsync(atOnce.Token);
            await _app.DisposeAsync();
            _app = null;
        }
    }

    public ValueTask DisposeAsync() => new(DownAsync());

    private async Task PushAsync(HttpContext context)
    {
        using var body = new MemoryStream();
        await context.Request.Body.CopyToAsync(body, context.RequestAborted);
        Interlocked.Increment(ref _pushes);
        var lines = Read(Snappy.DecompressToArray(body.ToArray()));
        var mood = Mood(lines);
        if (mood.Delay > TimeSpan.Zero)
        {
            await Task.Delay(mood.Delay, TimeProvider.System, context.RequestAborted);
        }

        Record(lines.Where(mood.Take ?? (_ => mood.Status == 204)));
        if (mood.Abort)
        {
            context.Abort();
            return;
        }

        context.Response.StatusCode = mood.Status;
        if (mood.RetryAfter is { } seconds)
        {
            context.Response.Headers.RetryAfter = seconds.ToString(CultureInfo.InvariantCulture);
        }

        if (mood.Text.Length > 0)
        {
            await context.Response.WriteAsync(mood.Text, context.RequestAborted);
        }
    }

    private void Record(IEnumerable<LokiLine> lines)
    {
        lock (_lock)
        {
            foreach (var line in lines)
            {
                if (!_known.Add(line))
                {
                    Repeated++;
                    continue;
                }

                if (!_streams.TryGetValue(line.Labels, out var stream))
                {
                    _streams[line.Labels] = stream = [];
                }

                if (stream.Count > 0 && stream[^1].Time > line.Time)
                {
                    Disordered++;
                }

                stream.Add(line);
            }
        }
    }

    private IResult Query(string query, long start, long end, int limit, string direction)
    {
        _queries.Enqueue(query);
        var selector = query[..query.IndexOf('}', StringComparison.Ordinal)];
        var stages = query[(selector.Length + 1)..];
        var wanted = Matchers().Matches(selector).Select(matcher => LabelFilter.Matcher(matcher.Groups[1].Value, matcher.Groups[2].Value, matcher.Groups[3].Value)).ToList();
        var text = "";
        if (LineFilter().Match(stages) is { Success: true } contains)
        {
            (text, stages) = (JsonSerializer.Deserialize<string>(contains.Groups[1].Value)!, stages[contains.Length..]);
        }

        if (stages.StartsWith(" | ", StringComparison.Ordinal))
        {
            wanted.Add(LabelFilter.Parse(stages[3..]));
        }

        var found = Streams
            .Where(stream => Labels(stream.Key) is var labels && wanted.All(matches => matches(labels)))
            .Select(stream => new
            {
                stream = Labels(stream.Key),
                values = (direction == "backward" ? stream.Value.Reverse() : stream.Value)
                    .Where(line => line.Time >= start && line.Time < end && line.Text.Contains(text, StringComparison.Ordinal))
                    .Take(limit)
                    .Select(line => new[] { line.Time.ToString(CultureInfo.InvariantCulture), line.Text }),
            });
        return Results.Json(new { status = "success", data = new { resultType = "streams", result = found } });
    }

    [GeneratedRegex("""(\w+)(=~?)("(?:[^"\\]|\\.)*")""")]
    private static partial Regex Matchers();

    [GeneratedRegex("""^ \|= ("(?:[^"\\]|\\.)*")""")]
    private static partial Regex LineFilter();

    private static Dictionary<string, string> Labels(string text) =>
        text[1..^1].Split(", ").Select(label => label.Split('=', 2)).ToDictionary(parts => parts[0], parts => JsonSerializer.Deserialize<string>(parts[1])!);

    private static List<LokiLine> Read(ReadOnlySpan<byte> request)
    {
        var lines = new List<LokiLine>();
        while (!request.IsEmpty)
        {
            var stream = Field(ref request, 1);
            var labels = Encoding.UTF8.GetString(Field(ref stream, 1));
            while (!stream.IsEmpty)
            {
                var entry = Field(ref stream, 2);
                var stamp = Field(ref entry, 1);
                long time = 0;
                while (!stamp.IsEmpty)
                {
                    time += Number(ref stamp) == 8 ? (long)Number(ref stamp) * 1_000_000_000 : (long)Number(ref stamp);
                }

                lines.Add(new(labels, time, Encoding.UTF8.GetString(Field(ref entry, 2))));
            }
        }

        return lines;
    }

    private static ReadOnlySpan<byte> Field(ref ReadOnlySpan<byte> bytes, int number)
    {
        Assert.Equal(((ulong)number << 3) | 2, Number(ref bytes));
        var length = (int)Number(ref bytes);
        var field = bytes[..length];
        bytes = bytes[length..];
        return field;
    }

    private static ulong Number(ref ReadOnlySpan<byte> bytes)
    {
        ulong value = 0;
        for (var shift = 0; ; shift += 7)
        {
            var next = bytes[0];
            bytes = bytes[1..];
            value |= (ulong)(next & 0x7F) << shift;
            if (next < 0x80)
            {
                return value;
            }
        }
    }
}
