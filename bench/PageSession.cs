using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.SignalR.Client;
using Microsoft.AspNetCore.SignalR.Protocol;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Runner.Bench;

/// <summary>
/// A page of the console that is open without a screen: it opens a circuit as the browser's script does, scrolls the virtualised list to its top, acknowledges every
/// picture and notes which changes are in it, and draws nothing. So what the program does for a page can be had twenty times on a machine that could not draw twenty pages.
/// </summary>
internal sealed partial class PageSession : IAsyncDisposable
{
    /// <summary>How Blazor's script is told what kind of answer a call wants (<c>JSCallResultType</c>).</summary>
    private const int WantsReference = 1;

    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web);

    /// <summary>Circuits speak a protocol of their own, and the framework gives it to whoever asks for circuits.</summary>
    private static readonly IHubProtocol Protocol = Circuits().GetServices<IHubProtocol>().First(protocol => protocol.Name == "blazorpack");

    private readonly HubConnection _connection;
    private readonly double _height;
    private readonly TaskCompletionSource _listed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private long _bytes;
    private int _batches;
    private long _calls;

    private PageSession(HubConnection connection, double height)
    {
        _connection = connection;
        _height = height;
        connection.On<long, byte[]>("JS.RenderBatch", DrawAsync);
        connection.On<long, string, string, int, long, int>("JS.BeginInvokeJS", (call, method, arguments, wanted, _, _) => AnswerAsync(call, method, arguments, wanted));
        connection.On<string, bool, string>("JS.EndInvokeDotNet", (_, succeeded, problem) => succeeded ? Task.CompletedTask : Fail(problem));
        connection.On<string>("JS.Error", Fail);
        connection.On<int, string>("JS.AttachComponent", (_, _) => { });
        connection.On<int>("JS.EndUpdateRootComponents", _ => { });
    }

    /// <summary>When a picture first had each change, by its number, in milliseconds of the Unix epoch.</summary>
    public ConcurrentDictionary<string, double> Seen { get; } = [];

    /// <summary>Pictures that came.</summary>
    public int Batches => Volatile.Read(ref _batches);

    /// <summary>What they had.</summary>
    public long Bytes => Interlocked.Read(ref _bytes);

    /// <summary>What the circuit or the connection ended with; null while they live.</summary>
    public string? Fault { get; private set; }

    /// <summary>Opens a page and waits until its list is drawn.</summary>
    /// <param name="page">Its address.</param>
    /// <param name="cookies">Those of somebody who is signed in.</param>
    /// <param name="height">Of the part of the list that can be seen, in pixels.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public static async Task<PageSession> OpenAsync(Uri page, IReadOnlyList<Cookie> cookies, double height, CancellationToken cancellationToken)
    {
        var jar = new CookieContainer();
        foreach (var cookie in cookies)
        {
            jar.Add(page, new Cookie(cookie.Name, cookie.Value, "/"));
        }

        using var http = new HttpClient(new HttpClientHandler { CookieContainer = jar });
        var html = await http.GetStringAsync(page, cancellationToken);
        var root = new Uri(page, "/");
        var builder = new HubConnectionBuilder().WithUrl(new Uri(root, "_blazor"), options => options.Cookies = jar);
        builder.Services.AddSingleton(Protocol);
        builder.Services.AddLogging(logging => logging.SetMinimumLevel(LogLevel.Warning).AddConsole());
        var connection = builder.Build();
        connection.KeepAliveInterval = TimeSpan.FromSeconds(3);
        var session = new PageSession(connection, height);
        connection.Closed += exception => session.Fail(exception?.Message ?? "the connection was closed");
        await connection.StartAsync(cancellationToken);
        if (await connection.InvokeAsync<string?>("StartCircuit", root.ToString(), page.ToString(), "[]", "", cancellationToken) is null)
        {
            throw new BenchException("the program opened no circuit");
        }

        // As in Blazor's script: each marker in the page becomes a root component, with the state that the page brings.
        var operations = Markers(html).Select((marker, index) => new { type = "add", ssrComponentId = index + 1, marker });
        var state = State().Match(html).Groups[1].Value;
        await connection.SendAsync("UpdateRootComponents", JsonSerializer.Serialize(new { batchId = 1, operations }, Json), state, cancellationToken);
        await session._listed.Task.WaitAsync(TimeSpan.FromSeconds(60), cancellationToken);
        return session;
    }

    public ValueTask DisposeAsync() => _connection.DisposeAsync();

    /// <summary>Of each component the comment that begins it; the one that ends it has only its id.</summary>
    private static IEnumerable<JsonElement> Markers(string html) =>
        Marker().Matches(html).Select(match => JsonSerializer.Deserialize<JsonElement>(match.Groups[1].Value)).Where(marker => marker.TryGetProperty("type", out _));

    private async Task DrawAsync(long number, byte[] picture)
    {
        Interlocked.Increment(ref _batches);
        Interlocked.Add(ref _bytes, picture.Length);
        Note(picture);
        await _connection.SendAsync("OnRenderCompleted", number, null as string);
    }

    private void Note(ReadOnlySpan<byte> picture)
    {
        var now = (TimeProvider.System.GetUtcNow() - DateTimeOffset.UnixEpoch).TotalMilliseconds;
        var name = "Bench"u8;
        for (var at = picture.IndexOf(name); at >= 0; at = picture.IndexOf(name))
        {
            picture = picture[(at + name.Length)..];
            if (picture.Length >= 6 && picture[..6].IndexOfAnyExceptInRange((byte)'0', (byte)'9') < 0)
            {
                Seen.TryAdd(Encoding.ASCII.GetString(picture[..6]), now);
            }
        }
    }

    private async Task AnswerAsync(long call, string method, string arguments, int wanted)
    {
        if (method == "Blazor._internal.Virtualize.init")
        {
            // The list is not scrolled: its upper spacer is seen, and what is below the lower edge is not.
            var list = JsonDocument.Parse(arguments).RootElement[0].GetProperty("__dotNetObject").GetInt64();
            var seen = string.Create(CultureInfo.InvariantCulture, $"[0,0,{_height}]");
            await _connection.SendAsync("BeginInvokeDotNetFromJS", Interlocked.Increment(ref _calls).ToString(CultureInfo.InvariantCulture), null as string, "OnSpacerBeforeVisible", list, seen);
            _listed.TrySetResult();
        }

        if (call != 0)
        {
            // Nothing, false, none: what a browser says of a page that nobody touches.
            object? answer = wanted == WantsReference ? new Dictionary<string, long> { ["__jsObjectId"] = Interlocked.Increment(ref _calls) } : null;
            await _connection.SendAsync("EndInvokeJSFromDotNet", call, true, JsonSerializer.Serialize(new[] { call, true, answer }, Json));
        }
    }

    private Task Fail(string problem)
    {
        Fault ??= problem;
        _listed.TrySetException(new BenchException($"a page without a screen: {problem}"));
        return Task.CompletedTask;
    }

    private static ServiceProvider Circuits()
    {
        var services = new ServiceCollection();
        services.AddLogging();
        services.AddServerSideBlazor();
        return services.BuildServiceProvider();
    }

    [GeneratedRegex("<!--Blazor:(.+?)-->")]
    private static partial Regex Marker();

    [GeneratedRegex("<!--Blazor-Server-Component-State:([A-Za-z0-9+/=]+)-->")]
    private static partial Regex State();
}
