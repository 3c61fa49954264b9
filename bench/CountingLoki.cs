using System.Buffers.Text;
using System.Diagnostics;
using System.Net;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Snappier;

namespace Runner.Bench;

/// <summary>How a <see cref="CountingLoki"/> treats a push.</summary>
internal enum LokiTemper
{
    Well,

    /// <summary>Takes it after a second.</summary>
    Slow,

    /// <summary>Refuses with 429.</summary>
    Limited,

    /// <summary>Fails with 500.</summary>
    Failing,
}

/// <summary>A Loki that keeps no lines, only the number of the last one of each stream: each line ends with its number in its stream.</summary>
internal sealed class CountingLoki : IAsyncDisposable
{
    private readonly Lock _lock = new();
    private readonly Dictionary<string, long> _last = [];
    private WebApplication? _app;
    private int _port;

    public Uri Address => new($"http://127.0.0.1:{_port}/");

    public bool IsUp => _app is not null;

    public LokiTemper Temper { get; set; }

    /// <summary>Without looking at what comes.</summary>
    public bool Blind { get; set; }

    public long Lines { get; private set; }

    /// <summary>Lines that had been taken before.</summary>
    public long Repeated { get; private set; }

    /// <summary>Lines that came too early: one before them is missing.</summary>
    public long Missing { get; private set; }

    public long Pushes { get; private set; }

    public long Bytes { get; private set; }

    public long FirstAt { get; private set; }

    public long LastAt { get; private set; }

    public void Reset()
    {
        lock (_lock)
        {
            _last.Clear();
            (Lines, Repeated, Missing, Pushes, Bytes, FirstAt, LastAt) = (0, 0, 0, 0, 0, 0, 0);
        }
    }

    public async Task UpAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, _port));
        _app = builder.Build();
        _app.MapPost("/loki/api/v1/push", PushAsync);
        _app.MapGet("/ready", () => "ready");
        await _app.StartAsync();
        _port = new Uri(_app.Urls.Single()).Port;
    }

    public async Task DownAsync()
    {
        if (_app is { } app)
        {
            _app = null;
            using var atOnce = new CancellationTokenSource();
            await atOnce.CancelAsync();
            await app.StopAsync(atOnce.Token);
            await app.DisposeAsync();
        }
    }

    public ValueTask DisposeAsync() => new(DownAsync());

    private async Task PushAsync(HttpContext context)
    {
        using var body = new MemoryStream();
        await context.Request.Body.CopyToAsync(body, context.RequestAborted);
        switch (Temper)
        {
            case LokiTemper.Slow:
                await Task.Delay(1000, context.RequestAborted);
                break;
            case LokiTemper.Limited:
                context.Response.StatusCode = 429;
                await context.Response.WriteAsync("Ingestion rate limit exceeded for user fake");
                return;
            case LokiTemper.Failing:
                context.Response.StatusCode = 500;
                return;
        }

        Take(body.ToArray());
        context.Response.StatusCode = 204;
    }

    private void Take(byte[] body)
    {
        lock (_lock)
        {
            LastAt = Stopwatch.GetTimestamp();
            FirstAt = FirstAt == 0 ? LastAt : FirstAt;
            Pushes++;
            if (Blind)
            {
                Bytes += body.Length;
                return;
            }

            Read(Snappy.DecompressToArray(body));
        }
    }

    private void Read(ReadOnlySpan<byte> request)
    {
        while (!request.IsEmpty)
        {
            var stream = Field(ref request);
            var labels = Encoding.UTF8.GetString(Field(ref stream));
            var last = _last.GetValueOrDefault(labels);
            while (!stream.IsEmpty)
            {
                var entry = Field(ref stream);
                Field(ref entry);
                var line = Field(ref entry);
                Bytes += line.Length;
                if (!Utf8Parser.TryParse(line[(line.LastIndexOf((byte)' ') + 1)..], out long number, out _))
                {
                    continue;
                }

                if (number <= last)
                {
                    Repeated++;
                    continue;
                }

                Missing += number - last - 1;
                last = number;
                Lines++;
            }

            _last[labels] = last;
        }
    }

    private static ReadOnlySpan<byte> Field(ref ReadOnlySpan<byte> bytes)
    {
        bytes = bytes[1..];
        var length = 0;
        for (var shift = 0; ; shift += 7)
        {
            var next = bytes[0];
            bytes = bytes[1..];
            length |= (next & 0x7F) << shift;
            if (next < 0x80)
            {
                break;
            }
        }

        var field = bytes[..length];
        bytes = bytes[length..];
        return field;
    }
}
