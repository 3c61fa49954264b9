using System.Collections.Concurrent;
using System.Text;
using Microsoft.Playwright;

namespace Runner.Tests.Browser.Support;

/// <summary>The line between a page and the program: what the program says can be kept back for as long as a test wants, and the line can be lost.</summary>
public sealed class SlowLine
{
    private readonly Lock _gate = new();
    private readonly Queue<Action> _kept = new();
    private readonly ConcurrentQueue<byte[]> _said = new();
    private IWebSocketRoute? _page;
    private bool _holds;
    private bool _loses;

    private SlowLine()
    {
    }

    /// <summary>Of a page that goes on to an address of the console afterwards.</summary>
    public static async Task<SlowLine> OfAsync(IPage page)
    {
        var line = new SlowLine();
        await page.RouteWebSocketAsync("**/_blazor*", line.Connect);
        return line;
    }

    /// <summary>Keeps back what the program says from now on.</summary>
    public void Hold() => _holds = true;

    /// <summary>Lets the page have what was kept back, in its order.</summary>
    public void Release()
    {
        lock (_gate)
        {
            _holds = false;
            while (_kept.TryDequeue(out var send))
            {
                send();
            }
        }
    }

    /// <summary>Loses what is said from now on, both ways, until <see cref="BreakAsync"/>.</summary>
    public void Lose() => _loses = true;

    /// <summary>Ends the connection, as both ends notice; the next one is a good one.</summary>
    public async Task BreakAsync()
    {
        _loses = false;
        await _page!.CloseAsync(new() { Code = 4000 });
    }

    /// <summary>Waits until the page said something that has these words, whether it got through or not.</summary>
    public Task SaidAsync(string words) => Eventually.TrueAsync(() => Task.FromResult(_said.Any(said => Encoding.UTF8.GetString(said).Contains(words, StringComparison.Ordinal))), $"the page says {words}");

    private void Connect(IWebSocketRoute page)
    {
        _page = page;
        var program = page.ConnectToServer();

        // Both ends take as bytes what was text.
        page.OnMessage(frame =>
        {
            _said.Enqueue(frame.Binary!);
            if (!_loses)
            {
                program.Send(frame.Binary!);
            }
        });
        program.OnMessage(frame =>
        {
            lock (_gate)
            {
                if (_holds)
                {
                    _kept.Enqueue(() => page.Send(frame.Binary!));
                }
                else if (!_loses)
                {
                    page.Send(frame.Binary!);
                }
            }
        });
    }
}
