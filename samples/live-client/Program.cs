// Prints what happens to the workloads of a runner, or the logs of some of them, as docs/live-hub.md describes.
//   dotnet run --project samples/live-client -- ADDRESS CLIENT SECRET [cluster/kind/namespace/name …]
using System.Net.Http.Json;
using System.Text.Json;
using Microsoft.AspNetCore.SignalR.Client;

if (args is not [var address, var client, var secret, .. var workloads])
{
    Console.Error.WriteLine("usage: LiveClient ADDRESS CLIENT SECRET [cluster/kind/namespace/name …]");
    return 2;
}

using var stop = new CancellationTokenSource();
Console.CancelKeyPress += (_, press) =>
{
    press.Cancel = true;
    stop.Cancel();
};
using var http = new HttpClient { BaseAddress = new Uri(address) };
await using var connection = new HubConnectionBuilder()
    .WithUrl(new Uri(http.BaseAddress, "/live"), options => options.AccessTokenProvider = TokenAsync)
    .WithAutomaticReconnect()
    .Build();

while (!stop.IsCancellationRequested)
{
    try
    {
        if (connection.State == HubConnectionState.Disconnected)
        {
            await connection.StartAsync(stop.Token);
        }

        await (workloads.Length == 0 ? WatchAsync() : TailAsync());
        return 0;
    }
    catch (OperationCanceledException) when (stop.IsCancellationRequested)
    {
        return 0;
    }
    catch (Exception exception) when (exception is HttpRequestException or IOException or OperationCanceledException)
    {
        // Streams do not outlive their connection: begin anew, the snapshot comes again.
        Console.Error.WriteLine($"Not connected: {exception.Message}");
        await Task.Delay(TimeSpan.FromSeconds(2), TimeProvider.System, CancellationToken.None);
    }
}

return 0;

async Task<string?> TokenAsync()
{
    using var form = new FormUrlEncodedContent(new Dictionary<string, string>
    {
        ["grant_type"] = "client_credentials",
        ["client_id"] = client,
        ["client_secret"] = secret,
        ["scope"] = "live.read workloads.read",
    });
    using var answer = await http.PostAsync(new Uri("/connect/token", UriKind.Relative), form, stop.Token);
    answer.EnsureSuccessStatusCode();
    return (await answer.Content.ReadFromJsonAsync<JsonElement>(stop.Token)).GetProperty("access_token").GetString();
}

async Task WatchAsync()
{
    await foreach (var message in connection.StreamAsync<WorkloadsMessage>("Workloads", stop.Token))
    {
        foreach (var workload in message.Workloads)
        {
            Console.WriteLine($"{message.Kind} {workload.Reference} {workload.State} {workload.ActualReplicas}/{workload.DesiredReplicas} {workload.Reason}");
        }

        foreach (var gone in message.Removed)
        {
            Console.WriteLine($"gone {gone}");
        }
    }
}

async Task TailAsync()
{
    await foreach (var message in connection.StreamAsync<LogsMessage>("Logs", new { workloads }, stop.Token))
    {
        if (message.Dropped > 0)
        {
            Console.WriteLine($"… {message.Dropped} lines dropped: this client was too slow");
        }

        foreach (var line in message.Lines)
        {
            Console.WriteLine($"{line.Time:O} {line.Pod} {line.Text}");
        }

        foreach (var (log, problem) in message.Problems)
        {
            Console.Error.WriteLine($"{log}: {problem}");
        }
    }
}

// Only what is printed: what a message has more than these is left out.
internal sealed record WorkloadsMessage(string Kind, IReadOnlyList<WorkloadState> Workloads, IReadOnlyList<string> Removed);

internal sealed record WorkloadState(string Reference, string State, string Reason, int ActualReplicas, int DesiredReplicas);

internal sealed record LogsMessage(IReadOnlyList<Line> Lines, long Dropped, IReadOnlyDictionary<string, string> Problems);

internal sealed record Line(string Pod, DateTimeOffset Time, string Text);
