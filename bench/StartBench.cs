using System.Globalization;
using Runner.Tests.Support;

namespace Runner.Bench;

/// <summary>Time from the start of the process to the first healthy answer, and resident memory after some idle seconds.</summary>
internal static class StartBench
{
    private const int Starts = 5;
    private static readonly TimeSpan Idle = TimeSpan.FromSeconds(10);

    public static async Task RunAsync(Report report, CancellationToken cancellationToken)
    {
        await using var world = await World.StartAsync(services: 0, cancellationToken);
        List<double> seconds = [], megabytes = [];
        for (var start = -1; start < Starts; start++)
        {
            var (healthy, resident) = await MeasureAsync(world.Settings, cancellationToken);
            if (start >= 0)
            {
                // The first start creates the data folder and warms the disk.
                seconds.Add(healthy.TotalSeconds);
                megabytes.Add(resident);
            }
            else
            {
                report.Add("first start to healthy, empty data folder", "s", [healthy.TotalSeconds]);
            }
        }

        report.Add("start to healthy, warm disk (wanted under 2)", "s", seconds);
        report.Add($"resident after {Idle.TotalSeconds:0} s idle (wanted under 150)", "MB", megabytes);
    }

    private static async Task<(TimeSpan Healthy, double Resident)> MeasureAsync(Dictionary<string, string> settings, CancellationToken cancellationToken)
    {
        settings["STARHUB_SERVER_SPACE_RUNNER_SERVER_PORT"] = LoopbackPort.Next().ToString(CultureInfo.InvariantCulture);
        var health = new Uri($"http://127.0.0.1:{settings["STARHUB_SERVER_SPACE_RUNNER_SERVER_PORT"]}/healthz");
        using var http = new HttpClient();
        var begin = TimeProvider.System.GetTimestamp();
        await using var runner = ChildProcess.Start(settings);
        while (!await IsHealthyAsync(http, health, cancellationToken))
        {
            if (runner.HasExited || TimeProvider.System.GetElapsedTime(begin) > TimeSpan.FromSeconds(60))
            {
                throw new BenchException($"the program did not become healthy; it wrote: {runner.Output}");
            }

            await Task.Delay(5, cancellationToken);
        }

        var healthy = TimeProvider.System.GetElapsedTime(begin);
        await Task.Delay(Idle, cancellationToken);
        return (healthy, ResidentMegabytes(runner.Id));
    }

    private static async Task<bool> IsHealthyAsync(HttpClient http, Uri health, CancellationToken cancellationToken)
    {
        try
        {
            using var response = await http.GetAsync(health, cancellationToken);
            return response.IsSuccessStatusCode;
        }
        catch (HttpRequestException)
        {
            // Not listening yet.
            return false;
        }
    }

    /// <summary>Resident memory of a process of this machine.</summary>
    public static double ResidentMegabytes(int process)
    {
        var line = File.ReadLines($"/proc/{process}/status").First(line => line.StartsWith("VmRSS:", StringComparison.Ordinal));
        return double.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[^2], CultureInfo.InvariantCulture) / 1024;
    }
}
