using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Runner.Web.Hosting;

namespace Runner.Tests.Engine.Host;

/// <summary>What is written into the log by people who are not trusted with it.</summary>
public sealed class LineFormatterTests
{
    [Theory]
    [InlineData("one\r\ntwo\nthree", "one\\ntwo\\nthree")]
    [InlineData("\u001b[2Jgone\u0007 \u009b31m", "\\x1b[2Jgone\\x07 \\x9b31m")]
    [InlineData("tab\there, größe 模型 🚀", "tab\there, größe 模型 🚀")]
    public void An_entry_is_one_line_and_commands_no_terminal(string message, string written)
    {
        using var writer = new StringWriter();

        new LineFormatter(new FakeTimeProvider()).Write(new LogEntry<string>(LogLevel.Information, "c", 0, message, null, (state, _) => state), null, writer);

        Assert.EndsWith($" info  c: {written}\n", writer.ToString(), StringComparison.Ordinal);
    }
}
