using System.Text;
using Runner.Tests.Support;

namespace Runner.Bench;

/// <summary>Status answers a second, beside those of a bare server that returns the same bytes; both in processes of their own, in turns.</summary>
internal static class StatusBench
{
    private const int Connections = 16;
    private const int Rounds = 7;
    private static readonly TimeSpan Round = TimeSpan.FromSeconds(2);

    public static async Task RunAsync(Report report, CancellationToken cancellationToken)
    {
        await using var world = await World.StartAsync(services: 200, cancellationToken);
        await world.StartRunnerAsync(cancellationToken);
        using var http = new HttpClient(new SocketsHttpHandler { MaxConnectionsPerServer = Connections });
        using var first = await http.SendAsync(Request(world.Address), cancellationToken);
        var bytes = await first.EnsureSuccessStatusCode().Content.ReadAsByteArrayAsync(cancellationToken);
        if (!Encoding.UTF8.GetString(bytes).Contains(World.ServiceName(0), StringComparison.Ordinal))
        {
            throw new BenchException($"status answered {Encoding.UTF8.GetString(bytes)}");
        }

        var file = Path.GetTempFileName();
        await File.WriteAllBytesAsync(file, bytes, cancellationToken);
        await using var bare = ChildProcess.Start(new Dictionary<string, string>(), Path.Combine(AppContext.BaseDirectory, "Bench.dll"), BareServer.Command, file);
        var bareAddress = await World.ListeningAsync(bare, cancellationToken);

        List<double> ours = [], theirs = [];
        for (var round = -1; round < Rounds; round++)
        {
            var a = await MeasureAsync(http, world.Address, cancellationToken);
            var b = await MeasureAsync(http, bareAddress, cancellationToken);
            if (round >= 0)
            {
                // The first round warms up.
                ours.Add(a);
                theirs.Add(b);
            }
        }

        File.Delete(file);
        report.Add($"status ({bytes.Length} bytes, {Connections} connections)", "answers/s", ours);
        report.Add("bare server, same bytes", "answers/s", theirs);
        report.Ratio("status / bare", Report.Median(ours) / Report.Median(theirs), "at least 0.5");
    }

    private static async Task<double> MeasureAsync(HttpClient http, Uri address, CancellationToken cancellationToken)
    {
        var begin = TimeProvider.System.GetTimestamp();
        var counts = await Task.WhenAll(Enumerable.Range(0, Connections).Select(async _ =>
        {
            var count = 0;
            while (TimeProvider.System.GetElapsedTime(begin) < Round)
            {
                using var request = Request(address);
                using var response = await http.SendAsync(request, cancellationToken);
                await response.EnsureSuccessStatusCode().Content.ReadAsByteArrayAsync(cancellationToken);
                count++;
            }

            return count;
        }));
        return counts.Sum() / TimeProvider.System.GetElapsedTime(begin).TotalSeconds;
    }

    private static HttpRequestMessage Request(Uri address)
    {
        var request = new HttpRequestMessage(HttpMethod.Get, new Uri(address, $"/api/v1/service/{World.ServiceName(0)}/status"))
        {
            Content = new StringContent($$"""{"id":0,"cluster_id":"","svc_name":"{{World.ServiceName(0)}}","need_details":true,"deploy_type":1}""", Encoding.UTF8, "application/json"),
        };
        request.Headers.Authorization = new("Bearer", World.ApiToken);
        return request;
    }
}
