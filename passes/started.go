package passes

import (
	"slices"

	"refit/transform"
)

// lastOf is the last instruction of a kind in a stage or in those that it starts
// from.
func lastOf(s *transform.Stage, keyword string) *transform.Instruction {
	for ; s != nil; s = s.Base.Stage {
		if in := lastIn(s, keyword); in != nil {
			return in
		}
	}
	return nil
}

// lastIn is the last instruction of a kind in a stage itself.
func lastIn(s *transform.Stage, keyword string) *transform.Instruction {
	for _, in := range slices.Backward(s.Instructions) {
		if in.Keyword == keyword {
			return in
		}
	}
	return nil
}

// startedBy is what starts the container of a stage, as far as the file says. An
// ENTRYPOINT resets the CMD of the stages that its own starts from.
func startedBy(s *transform.Stage) (entrypoint, cmd *transform.Instruction) {
	for ; s != nil && entrypoint == nil; s = s.Base.Stage {
		entrypoint = lastIn(s, "entrypoint")
		if cmd == nil {
			cmd = lastIn(s, "cmd")
		}
	}
	return entrypoint, cmd
}
