namespace Runner.Engine.Logs;

/// <summary>Which part of a container's log is wanted.</summary>
/// <param name="Follow">Go on as the container writes; reconnects by itself without losing or repeating a line.</param>
/// <param name="TailLines">At most so many of the last lines to begin with; null for all.</param>
/// <param name="Since">Only lines from this moment on.</param>
/// <param name="Previous">The log of the container's previous run.</param>
public sealed record PodLogOptions(bool Follow = false, int? TailLines = null, DateTimeOffset? Since = null, bool Previous = false);

/// <summary>One line of a container's log.</summary>
/// <param name="Time">When the container wrote it, by the kubelet's clock, with nanoseconds cut to 100 ns.</param>
/// <param name="Text">The line without its end; may hold ANSI escapes.</param>
public readonly record struct LogLine(string Pod, string Container, DateTimeOffset Time, string Text);
