namespace Runner.Tests.Support;

/// <summary>How much of what is long by nature is done: little in every run, much with <c>RUNNER_TEST_LONG=1</c>.</summary>
internal static class LongRun
{
    public static bool Wanted { get; } = Environment.GetEnvironmentVariable("RUNNER_TEST_LONG") == "1";

    /// <summary>One of two numbers.</summary>
    public static int Of(int usually, int whenWanted) => Wanted ? whenWanted : usually;
}
