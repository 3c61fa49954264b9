using System.Globalization;
using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Components.Web.Virtualization;
using Microsoft.JSInterop;
using Runner.Engine.Logs.Kept;
using Runner.Engine.Workloads;
using Runner.Web.Components.Models;

namespace Runner.Web.Components.Controls;

/// <summary>Live log of a workload's pods: the part of the page that draws a <see cref="LogTail"/>.</summary>
public sealed partial class LogPane
{
    private const int PodColours = 6;

    private static readonly int[] SinceChoices = [5, 15, 60, 360, 1440];

    private readonly List<string> _podOrder = [];
    private IReadOnlyList<KeptLog> _kept = [];
    private LogTail _tail = null!;
    private LogChoice _choice = LogChoice.Standard;
    private Virtualize<LogEntry>? _rows;
    private ElementReference _view;
    private DotNetObjectReference<LogPane>? _self;
    private bool _timestamps;
    private bool _wrap;

    [Parameter, EditorRequired]
    public WorkloadKey Key { get; set; }

    /// <summary>Null when it is gone: then the last logs of its pods are shown.</summary>
    [Parameter, EditorRequired]
    public Workload? Workload { get; set; }

    /// <summary>The pod to begin with; empty for all.</summary>
    [Parameter]
    public string Pod { get; set; } = "";

    private bool Many => _choice.Pod.Length == 0 && (Live.Count > 1 || _podOrder.Count > 1 || (Live.Count == 0 && Gone.Count > 1));

    private List<string> Live => [.. Workload?.Instances.Select(instance => instance.PodName) ?? []];

    /// <summary>Pods that are gone and whose last log is kept, the newest first.</summary>
    private List<string> Gone => [.. _kept.Select(log => log.Pod).Except(Live)];

    private IEnumerable<string> Containers =>
        (Workload?.Instances.SelectMany(instance => instance.Containers).Select(container => container.Name) ?? []).Concat(_kept.Select(log => log.Container)).Distinct();

    private string Empty => (Live.Count + Gone.Count, _tail.Buffer.Kept, _choice.Previous) switch
    {
        (_, > 0, _) => L["Logs.NoneMatch"],
        (0, _, _) => L["Logs.NoPods"],
        (_, _, true) => L["Logs.NoPrevious"],
        _ => L["Logs.Waiting"],
    };

    /// <summary>The reader scrolled away from the end, or back to it.</summary>
    [JSInvokable]
    public Task FollowChanged(bool following) => FollowAsync(following, scroll: false);

    public async ValueTask DisposeAsync()
    {
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

    protected override void OnInitialized()
    {
        _kept = Engine.KeptLogsOf(Key);

        _choice = LogChoice.Standard with { Pod = Pod, Container = LogChoice.Preferred([.. Containers]) };
        _tail = new LogTail(Engine, Key, Time);
    }

    protected override void OnParametersSet()
    {
        if (_self is not null)
        {
            _tail.Update(Workload);
        }
    }

    protected override async Task OnAfterRenderAsync(bool firstRender)
    {
        if (firstRender)
        {
            _self = DotNetObjectReference.Create(this);
            await Browser.InvokeVoidAsync("consoleLogs.attach", _view, _self);
            _tail.Start(() => InvokeAsync(DrawAsync));
            await _tail.ChooseAsync(_choice, Workload);
            StateHasChanged();
        }
    }

    private static string Pressed(bool on) => on ? "true" : "false";

    private static string Value(ChangeEventArgs change) => change.Value?.ToString() ?? "";

    // Pods of a service differ at the end of the name only.
    private static string Short(string pod) => pod.Length > 11 ? pod[^11..] : pod;

    private int Hue(string pod)
    {
        if (!_podOrder.Contains(pod))
        {
            _podOrder.Add(pod);
        }

        return _podOrder.IndexOf(pod) % PodColours;
    }

    private async Task DrawAsync()
    {
        if (_rows is not null)
        {
            await _rows.RefreshDataAsync();
        }

        StateHasChanged();
    }

    private ValueTask<ItemsProviderResult<LogEntry>> Provide(ItemsProviderRequest request) =>
        ValueTask.FromResult(new ItemsProviderResult<LogEntry>(_tail.Buffer.Read(request.StartIndex, request.Count), _tail.Buffer.Count));

    private async Task Choose(LogChoice choice)
    {
        _choice = choice;
        _podOrder.Clear();
        await _tail.ChooseAsync(choice, Workload);
        await FollowAsync(true);
    }

    private Task Filter(string? text)
    {
        _tail.Buffer.Show(text ?? "");
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

    private async Task DownloadAsync()
    {
        await using var content = new MemoryStream();
        await using (var writer = new StreamWriter(content, leaveOpen: true))
        {
            foreach (var entry in _tail.Buffer.Read(0, _tail.Buffer.Capacity))
            {
                var line = entry.Line;
                await writer.WriteLineAsync($"{line.Time.UtcDateTime.ToString("O", CultureInfo.InvariantCulture)} {line.Pod} {line.Text}");
            }
        }

        content.Position = 0;
        using var reference = new DotNetStreamReference(content);
        await Browser.InvokeVoidAsync("consoleLogs.download", $"{Key.Name}.log", reference);
    }
}
