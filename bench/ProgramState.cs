using System.Diagnostics.Tracing;
using System.Globalization;
using System.Text.RegularExpressions;
using Microsoft.Diagnostics.NETCore.Client;

namespace Runner.Bench;

/// <summary>What the program holds at one moment, as the kernel counts it.</summary>
/// <param name="Megabytes">Resident memory.</param>
/// <param name="Handles">Open files and sockets.</param>
internal sealed partial record ProgramState(double Megabytes, int Threads, int Handles)
{
    /// <summary>The runtime's keyword for a collection on demand (<c>GCHeapCollect</c>).</summary>
    private const long Collect = 0x800000;

    public static ProgramState Of(World world)
    {
        var process = world.Runner.Id;
        var threads = int.Parse(ThreadCount().Match(File.ReadAllText($"/proc/{process}/status")).Groups[1].Value, CultureInfo.InvariantCulture);
        return new(StartBench.ResidentMegabytes(process), threads, Directory.GetFiles($"/proc/{process}/fd").Length);
    }

    /// <summary>Has the program collect its garbage, all generations, as a profiler would ask it to.</summary>
    /// <returns>What the heap holds after it, in megabytes, as the program's metrics tell it.</returns>
    public static async Task<double> CollectAsync(World world, CancellationToken cancellationToken)
    {
        var client = new DiagnosticsClient(world.Runner.Id);
        using (var session = await client.StartEventPipeSessionAsync([new EventPipeProvider("Microsoft-Windows-DotNETRuntime", EventLevel.Informational, Collect)], requestRundown: false, circularBufferMB: 1, cancellationToken))
        {
            var reading = session.EventStream.CopyToAsync(Stream.Null, cancellationToken);
            await session.StopAsync(cancellationToken);
            await reading;
        }

        using var http = new HttpClient();
        http.DefaultRequestHeaders.Authorization = new("Bearer", World.ApiToken);
        var metrics = await http.GetStringAsync(new Uri(world.Address, "/metrics"), cancellationToken);
        return Heap().Matches(metrics).Sum(match => double.Parse(match.Groups[1].Value, CultureInfo.InvariantCulture)) / 1e6;
    }

    [GeneratedRegex(@"Threads:\s+(\d+)")]
    private static partial Regex ThreadCount();

    [GeneratedRegex(@"^dotnet_gc_last_collection_heap_size_bytes\{[^}]*\} (\S+)", RegexOptions.Multiline)]
    private static partial Regex Heap();
}
