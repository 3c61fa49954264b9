using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Components.Web.Virtualization;
using Microsoft.Extensions.Localization;
using Microsoft.JSInterop;
using Runner.Web.Components.Models;
using Runner.Web.Components.Models.Logs;
using Runner.Web.Components.Texts;
using Runner.Web.Live;
using Runner.Web.Live.Logs;

namespace Runner.Web.Components.Controls.Logs;

/// <summary>Lines of many logs: the part of the page that draws a <see cref="LogTail"/>.</summary>
public sealed partial class LogView
{
    /// <summary>Hues of the style sheet; twice as many pods differ, the second half by a line under their names.</summary>
    internal const int Hues = 12;

    private LogTail _tail = null!;
    private LogQuery? _shown;
    private Virtualize<LogEntry>? _rows;
    private ElementReference _view;
    private DotNetObjectReference<LogView>? _self;
    private IDisposable? _listening;
    private Dictionary<string, int> _colours = [];
    private long _marked = -1;

    [Parameter, EditorRequired]
    public LogQuery Query { get; set; } = new();

    /// <summary>Told what the reader wants to see instead.</summary>
    [Parameter]
    public EventCallback<LogQuery> OnQuery { get; set; }

    [Inject]
    private IConsoleEngine Engine { get; set; } = null!;

    [Inject]
    private LiveFeed Feed { get; set; } = null!;

    [Inject]
    private Runner.Engine.Configuration.RunnerOptions Options { get; set; } = null!;

    [Inject]
    private TimeProvider Time { get; set; } = null!;

    [Inject]
    private IJSRuntime Browser { get; set; } = null!;

    [Inject]
    private IStringLocalizer<LogsText> G { get; set; } = null!;

    private bool Many => _colours.Count > 1;

    private bool AllContainers => _tail.Query.Selection.Container == LogSelection.AllContainers;

    private string Label => _tail.Query.OnlyWorkload is { } only ? G["Of", only.Name] : G["Of", G.Counted("Many", _colours.Count)];

    /// <summary>The view without its time, to which the browser adds a line's place.</summary>
    private string Link => (_tail.Query with { Line = null, Since = "" }).Address;

    private string Empty => (_tail.Buffer.Kept, _tail.Targets.Count, _tail.Query.Previous, _tail.Streaming) switch
    {
        (> 0, _, _, _) => G["NoneMatch"],
        (_, 0, _, _) => G["NoPods"],
        (_, _, true, 0) => G["NoPrevious"],
        _ => G["Waiting"],
    };

    /// <summary>The reader scrolled away from the end, or back to it.</summary>
    [JSInvokable]
    public Task FollowChanged(bool following) => FollowAsync(following, scroll: false);

    /// <summary>A key was pressed that pauses or goes on.</summary>
    [JSInvokable]
    public Task PauseOrGoOn() => FollowAsync(_tail.Buffer.Paused);

    public async ValueTask DisposeAsync()
    {
        _listening?.Dispose();
        await _tail.DisposeAsync();
        _self?.Dispose();
        try
        {
            await Browser.InvokeVoidAsync("consoleLogs.detach", _view);
        }
        catch (Exception exception) when (exception is JSDisconnectedException or InvalidOperationException or TaskCanceledException)
        {
            // The browser is gone, or was never there while prerendering.
        }
    }

    protected override void OnInitialized() => _tail = new LogTail(Engine, Time);

    protected override async Task OnParametersSetAsync()
    {
        if (_self is not null && Query != _shown)
        {
            await ShowAsync();
        }
    }

    protected override async Task OnAfterRenderAsync(bool firstRender)
    {
        if (firstRender)
        {
            _self = DotNetObjectReference.Create(this);
            await Browser.InvokeVoidAsync("consoleLogs.attach", _view, _self);
            _listening = Feed.Listen(LiveParts.Workloads, _ => InvokeAsync(UpdateAsync), LiveFeed.Nothing);
            await ShowAsync();
            _tail.Start(() => InvokeAsync(DrawAsync));
        }
    }

    private async Task ShowAsync()
    {
        var other = _shown is null || _shown.Selection != Query.Selection || (_shown.Since, _shown.Previous, _shown.Line) != (Query.Since, Query.Previous, Query.Line);
        _shown = Query;
        if (!await _tail.ShowAsync(Query))
        {
            return;
        }

        if (other)
        {
            (_colours, _marked) = ([], -1);
            UpdateColours();
            await FollowAsync(true);
        }
        else
        {
            await DrawAsync();
        }
    }

    private Task UpdateAsync()
    {
        _tail.Update();
        UpdateColours();
        StateHasChanged();
        return Task.CompletedTask;
    }

    // In the order of the choice, and for good: a pod that goes keeps its colour.
    private void UpdateColours()
    {
        foreach (var target in _tail.Targets)
        {
            _colours.TryAdd(target.Pod, _colours.Count);
        }
    }

    private int Colour(string pod)
    {
        _colours.TryAdd(pod, _colours.Count);
        return _colours[pod] % (2 * Hues);
    }

    private async Task DrawAsync()
    {
        if (_rows is not null)
        {
            await _rows.RefreshDataAsync();
        }

        if (_tail.Search == LineSearch.Found && _marked < 0)
        {
            _marked = _tail.Buffer.Read(_tail.FoundAt, 1)[0].Number;
            StateHasChanged();
            await Browser.InvokeVoidAsync("consoleLogs.reveal", _view, _tail.FoundAt);
        }

        StateHasChanged();
    }

    private ValueTask<ItemsProviderResult<LogEntry>> Provide(ItemsProviderRequest request) =>
        ValueTask.FromResult(new ItemsProviderResult<LogEntry>(_tail.Buffer.Read(request.StartIndex, request.Count), _tail.Buffer.Rows));

    private Task Toggle(long number)
    {
        _tail.Buffer.Toggle(number);
        return DrawAsync();
    }

    private async Task FollowAsync(bool following, bool scroll = true)
    {
        if (following)
        {
            _tail.Buffer.Resume();
        }
        else
        {
            _tail.Buffer.Pause();
        }

        await DrawAsync();
        if (scroll)
        {
            await Browser.InvokeVoidAsync("consoleLogs.follow", _view, following);
        }
    }
}
