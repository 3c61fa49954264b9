namespace Runner.Engine.Storage;

/// <summary>How the database stands.</summary>
/// <param name="DataBytes">Length of the data file.</param>
/// <param name="LogBytes">Length of the log: what was written since the last quiet moment.</param>
/// <param name="WaitingWrites">Writes that wait for the writer thread.</param>
/// <param name="Problem">Why the disk refuses writes; null when it does not. What was written before is there all the same.</param>
/// <param name="Room">How full the data file was when it was last looked at; null before the first time.</param>
/// <param name="Compacted">What the last compaction gained; null when there was none since the start.</param>
public sealed record DatabaseStatus(long DataBytes, long LogBytes, int WaitingWrites, DatabaseProblem? Problem, DatabaseRoom? Room, Compaction? Compacted);

/// <summary>The disk refuses writes.</summary>
/// <param name="Text">What it said.</param>
/// <param name="Since">Since when.</param>
public sealed record DatabaseProblem(string Text, DateTimeOffset Since);

/// <summary>How full the data file is.</summary>
/// <param name="At">When that was looked at.</param>
/// <param name="FileBytes">Length of the file then.</param>
/// <param name="UsedBytes">Bytes of it that hold something; the rest is what deleted documents left, to be filled again.</param>
public sealed record DatabaseRoom(DateTimeOffset At, long FileBytes, long UsedBytes);

/// <summary>The data file was made smaller.</summary>
/// <param name="At">When.</param>
/// <param name="Before">Length in bytes before.</param>
/// <param name="After">Length in bytes after.</param>
/// <param name="Took">From the beginning of the copy to its taking the file's place.</param>
/// <param name="Paused">How long writers had to wait for it; readers waited for no more than a part of that.</param>
public sealed record Compaction(DateTimeOffset At, long Before, long After, TimeSpan Took, TimeSpan Paused);
