using System.Collections.Concurrent;
using System.Net;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Runner.Tests.Engine.Support;

/// <summary>How a <see cref="RecordingHub"/> treats a call.</summary>
internal enum HubMood
{
    Well,

    /// <summary>Answers 500 without taking the event.</summary>
    Error,

    /// <summary>Answers 200 with a web page, without taking the event.</summary>
    Garbage,

    /// <summary>Takes the event and drops the connection.</summary>
    DropAfterTaking,

    /// <summary>Answers 400 without taking the event.</summary>
    Refuse,

    /// <summary>Does not answer before the caller gives up.</summary>
    Slow,
}

/// <summary>One event as it arrived; what it does not have is empty or 0.</summary>
internal sealed record ReceivedEvent(string Body, string Type, string Service, int Status, string Reason, string Authorization, JsonElement Root);

/// <summary>One call, taken or not.</summary>
/// <param name="Sender">What the caller puts before the path; empty for nothing.</param>
/// <param name="Began">Timestamps of the system's <see cref="TimeProvider"/>.</param>
internal sealed record HubCall(string Sender, long Began, long Ended, string Body);

/// <summary>A hub on loopback over real HTTP that writes down what it takes.</summary>
internal sealed class RecordingHub : IAsyncDisposable
{
    /// <summary>Bytes of the largest event that is taken. The hub hands each one on as one message of NATS, whose server takes no larger ones (<c>max_payload</c>, 1 MiB where nothing else is set).</summary>
    private const int LargestMessage = 1024 * 1024;

    private readonly ConcurrentQueue<ReceivedEvent> _taken = new();
    private readonly ConcurrentQueue<ReceivedEvent> _clusters = new();
    private readonly ConcurrentQueue<HubCall> _spoken = new();
    private WebApplication? _app;
    private int _port;
    private int _calls;

    public Uri Address => new($"http://127.0.0.1:{_port}/");

    /// <summary>What was taken so far of workloads, in order of arrival, repetitions included.</summary>
    public IReadOnlyList<ReceivedEvent> Taken => [.. _taken];

    /// <summary>What was taken so far of clusters: registrations, updates and heartbeats.</summary>
    public IReadOnlyList<ReceivedEvent> Clusters => [.. _clusters];

    /// <summary>Every call that has ended, with who it was that called: <see cref="AddressOf"/>.</summary>
    public IReadOnlyList<HubCall> Spoken => [.. _spoken];

    /// <summary>Pause before each answer.</summary>
    public Func<TimeSpan> Latency { get; set; } = () => TimeSpan.Zero;

    /// <summary>Calls that arrived, taken or not.</summary>
    public int Calls => Volatile.Read(ref _calls);

    /// <summary>Chooses the treatment of a call by its body.</summary>
    public Func<string, HubMood> Mood { get; set; } = _ => HubMood.Well;

    /// <summary>The address for one of several callers.</summary>
    public Uri AddressOf(string sender) => new(Address, sender);

    public static async Task<RecordingHub> StartAsync(bool up = true)
    {
        var hub = new RecordingHub();
        await hub.UpAsync();
        if (!up)
        {
            await hub.DownAsync();
        }

        return hub;
    }

    /// <summary>Listens, on the same port as before.</summary>
    public async Task UpAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, _port));
        _app = builder.Build();
        _app.MapPost("/api/v1/webhook/runner", HandleAsync);
        _app.MapPost("/{sender}/api/v1/webhook/runner", HandleAsync);
        await _app.StartAsync();
        _port = new Uri(_app.Urls.Single()).Port;
    }

    /// <summary>Stops to listen; calls are refused.</summary>
    public async Task DownAsync()
    {
        if (_app is not null)
        {
            await _app.DisposeAsync();
            _app = null;
        }
    }

    public ValueTask DisposeAsync() => new(DownAsync());

    private async Task HandleAsync(HttpContext context)
    {
        var began = TimeProvider.System.GetTimestamp();
        var body = "";
        try
        {
            body = await TakeAsync(context);
        }
        finally
        {
            _spoken.Enqueue(new(context.Request.RouteValues["sender"] as string ?? "", began, TimeProvider.System.GetTimestamp(), body));
        }
    }

    private async Task<string> TakeAsync(HttpContext context)
    {
        using var reader = new StreamReader(context.Request.Body);
        var body = await reader.ReadToEndAsync(context.RequestAborted);
        Interlocked.Increment(ref _calls);
        var mood = Encoding.UTF8.GetByteCount(body) > LargestMessage ? HubMood.Error : Mood(body);
        if (mood is HubMood.Well or HubMood.DropAfterTaking)
        {
            var taken = Read(body, context.Request.Headers.Authorization.ToString());
            (taken.Type is "runner.heartbeat" || taken.Type.StartsWith("runner.cluster.", StringComparison.Ordinal) ? _clusters : _taken).Enqueue(taken);
        }

        if (Latency() is var latency && latency > TimeSpan.Zero)
        {
            await Task.Delay(latency, TimeProvider.System, context.RequestAborted);
        }

        switch (mood)
        {
            case HubMood.Well:
                await context.Response.WriteAsJsonAsync(new { msg = "OK" });
                break;
            case HubMood.DropAfterTaking:
                context.Abort();
                break;
            case HubMood.Garbage:
                context.Response.ContentType = "text/html";
                await context.Response.WriteAsync("<html>Welcome to the hotel's network\0" + new string('x', 100_000));
                break;
            case HubMood.Slow:
                await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, context.RequestAborted).ContinueWith(_ => { }, TaskScheduler.Default);
                break;
            default:
                context.Response.StatusCode = mood == HubMood.Error ? 500 : 400;
                await context.Response.WriteAsJsonAsync(new { msg = "no, " + context.Request.Headers.Authorization });
                break;
        }

        return body;
    }

    private static ReceivedEvent Read(string body, string authorization)
    {
        var root = JsonDocument.Parse(body).RootElement;
        var data = root.GetProperty("data");
        return new(
            body,
            root.GetProperty("event_type").GetString()!,
            Text("service_name"),
            data.ValueKind == JsonValueKind.Object && data.TryGetProperty("status", out var status) && status.ValueKind == JsonValueKind.Number ? status.GetInt32() : 0,
            Text("reason"),
            authorization,
            root);

        string Text(string name) =>
            data.ValueKind == JsonValueKind.Object && data.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString()! : "";
    }
}
