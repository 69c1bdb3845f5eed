import { render } from 'preact';
import { App } from './shell/App';
import './styles/base.css';
import './styles/shell.css';
import './styles/grid.css';
import './styles/views.css';

render(<App />, document.body);
