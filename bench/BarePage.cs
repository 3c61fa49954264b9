using System.Collections.Concurrent;
using System.Net;
using System.Net.WebSockets;
using System.Text;
using System.Threading.Channels;
using k8s;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Runner.Tests.Support;

namespace Runner.Bench;

/// <summary>
/// The least that any page can do: a process of its own watches the services as the program does, passes the reason of each change on over bare WebSockets, and the
/// page writes it into one cell. What a browser and its connection cost by themselves, without a console around them.
/// </summary>
internal static class BarePage
{
    public const string Command = "bare-page";

    /// <summary>The cell has the attribute that the bench looks for in the console's table.</summary>
    private const string Page = """
        <!DOCTYPE html><title>bare</title><table data-grid><tr><td id="cell">-</td></tr></table>
        <script>
          const cell = document.getElementById('cell');
          const socket = new WebSocket('ws://' + location.host + '/changes');
          socket.onopen = () => document.body.dataset.live = 'true';
          socket.onmessage = message => { cell.textContent = message.data; };
        </script>
        """;

    public static async Task RunAsync(string kubeconfig)
    {
        using var client = new Kubernetes(await KubernetesClientConfiguration.BuildConfigFromConfigFileAsync(new FileInfo(kubeconfig)));
        var builder = WebApplication.CreateBuilder();
        builder.Logging.AddFilter("Microsoft.AspNetCore", LogLevel.Warning);
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        await using var app = builder.Build();
        app.UseWebSockets();
        app.MapGet("/", () => Results.Content(Page, "text/html"));
        var open = new ConcurrentDictionary<ChannelWriter<string>, bool>();
        app.Map("/changes", async (HttpContext context) =>
        {
            using var socket = await context.WebSockets.AcceptWebSocketAsync();
            var reasons = Channel.CreateUnbounded<string>();
            open[reasons.Writer] = true;
            await foreach (var reason in reasons.Reader.ReadAllAsync(context.RequestAborted))
            {
                await socket.SendAsync(Encoding.UTF8.GetBytes(reason), WebSocketMessageType.Text, true, context.RequestAborted);
            }
        });
        var watching = WatchAsync(client, reason => open.Keys.ToList().ForEach(socket => socket.TryWrite(reason)), app.Lifetime.ApplicationStopping);
        await await Task.WhenAny(app.RunAsync(), watching);
    }

    /// <summary>Starts the process.</summary>
    public static ChildProcess Start(World world) =>
        ChildProcess.Start(new Dictionary<string, string>(), Path.Combine(AppContext.BaseDirectory, "Bench.dll"), Command, world.Kubeconfig);

    /// <summary>One more socket that takes what the page takes, and shows it to nobody; until cancelled.</summary>
    public static async Task ListenAsync(Uri address, CancellationToken cancellationToken)
    {
        using var socket = new ClientWebSocket();
        await socket.ConnectAsync(new UriBuilder(address) { Scheme = "ws", Path = "/changes" }.Uri, cancellationToken);
        var buffer = new byte[1024];
        while (socket.State == WebSocketState.Open)
        {
            try
            {
                await socket.ReceiveAsync(buffer, cancellationToken);
            }
            catch (OperationCanceledException)
            {
                return;
            }
        }
    }

    private static async Task WatchAsync(Kubernetes client, Action<string> tell, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(client.BaseUri, $"apis/serving.knative.dev/v1/namespaces/{World.Namespace}/services?watch=true")) { Version = new(2, 0) };
        await client.Credentials.ProcessHttpRequestAsync(request, cancellationToken);
        using var response = await client.HttpClient.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
        using var lines = new StreamReader(await response.EnsureSuccessStatusCode().Content.ReadAsStreamAsync(cancellationToken));
        while (await lines.ReadLineAsync(cancellationToken) is { } line)
        {
            var at = line.IndexOf("Bench", StringComparison.Ordinal);
            if (at >= 0)
            {
                tell(line.Substring(at, "Bench000000".Length));
            }
        }
    }
}
