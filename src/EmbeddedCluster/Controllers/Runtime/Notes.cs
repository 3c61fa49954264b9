using System.Diagnostics.CodeAnalysis;
using Runner.EmbeddedCluster.Storage;

namespace Runner.EmbeddedCluster.Controllers.Runtime;

/// <summary>What a controller remembers of objects beyond what they say. A new object of the same name starts without notes.</summary>
internal sealed class Notes<T>
{
    private readonly Dictionary<ObjectKey, (string Uid, T Note)> _notes = [];

    public bool TryGet(StoredObject about, [MaybeNullWhen(false)] out T note)
    {
        if (_notes.TryGetValue(about.Key, out var known) && known.Uid == about.Json.Uid())
        {
            note = known.Note;
            return true;
        }

        note = default;
        return false;
    }

    public T Set(StoredObject about, T note)
    {
        _notes[about.Key] = (about.Json.Uid(), note);
        return note;
    }

    /// <summary>To be called when an object is gone.</summary>
    public void Forget(ObjectKey key) => _notes.Remove(key);
}
